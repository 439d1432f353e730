/** A command line, file or value that cannot be used. Printed as one line; exit code 2. */
export class UsageError extends Error {}
