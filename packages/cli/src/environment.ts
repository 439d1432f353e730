/** Returns an environment variable; an empty one counts as not set. */
export function env(name: string): string | undefined {
  return process.env[name] || undefined
}
