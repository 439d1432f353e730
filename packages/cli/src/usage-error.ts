/** The command line, or a value it led to, cannot be used: reported in one line, with exit code 2. */
export class UsageError extends Error {}
