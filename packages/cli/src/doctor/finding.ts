import type { ExitCode } from '../exit-code'

/** Checks of `ironflow doctor`, in their order. */
export const CHECKS = ['address', 'clock', 'key', 'versions', 'environment', 'transport'] as const

export type Check = (typeof CHECKS)[number]

/** The result of one check. */
export interface Finding {
  readonly check: Check
  readonly verdict: 'ok' | 'warning' | 'failed' | 'skipped'
  /** The observation. */
  readonly text: string
  /** The next step, where one is needed. */
  readonly advice?: string | undefined
  /** The exit code of the command, where this check failed. */
  readonly exitCode?: ExitCode | undefined
}

/** Returns a finding as lines for people. */
export function findingLines({ check, verdict, text, advice }: Finding): string[] {
  const first = `${verdict.padEnd(8)} ${check.padEnd(12)} ${text}`
  return advice === undefined ? [first] : [first, `${' '.repeat(22)}→ ${advice}`]
}
