/** The command line, or a value it led to, cannot be used: told in one line, exit code 2. */
export class UsageError extends Error {}
