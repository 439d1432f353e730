import { isIronflowError } from '@ironflow/core'
import { CommandFailed } from './command-failed'
import { EXIT } from './exit-code'

/**
 * Returns the action of a command that opens a store itself. What the store reports is about this machine: it fails the
 * command with exit code 1, and the advice for calls to a server does not apply.
 */
export function withStore<A extends unknown[]>(work: (...args: A) => Promise<void>): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await work(...args)
    } catch (thrown) {
      throw isIronflowError(thrown) ? new CommandFailed(thrown.message, EXIT.failed) : thrown
    }
  }
}
