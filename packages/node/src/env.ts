/** An environment variable. One that is empty is how shells and containers say "not set". */
export function env(name: string): string | undefined {
  // Some runtimes have no `process`.
  return globalThis.process?.env?.[name] || undefined
}
