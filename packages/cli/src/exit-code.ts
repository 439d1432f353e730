/** Exit codes of every command. Scripts branch on them: they are stable. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  notAuthorised: 5,
  notReachable: 6,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
