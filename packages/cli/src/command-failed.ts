import type { ExitCode } from './exit-code'

/** A command that did its work and found that something is wrong. Printed as one line, with its own exit code. */
export class CommandFailed extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode,
  ) {
    super(message)
  }
}
