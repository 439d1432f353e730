import type { ClientStatus, IronflowError, Watcher, WatchStatus } from '@ironflow/node'
import type { Session } from './session'

/** A watch that a command prints. */
export interface Following<E> {
  /** Begins the watch. Its events wait for the iterator. */
  watch(onStatus: (status: WatchStatus) => void): Watcher<E>
  /** The line for an event. */
  line(event: E): string
}

/**
 * Prints the current values and every change, until SIGINT or SIGTERM. Changes of the status go to standard error.
 *
 * @throws IronflowError where the server ends the watch, or does not accept the key: a command has no other one to offer
 */
export async function follow<E>({ client, output }: Session, { watch, line }: Following<E>): Promise<void> {
  let refusal: IronflowError | undefined
  const watcher = watch((status) => {
    if (status.state === 'unauthorized') {
      refusal = status.error
      watcher.stop()
    } else {
      const text = statusLine(status, client.status())
      if (text !== undefined) process.stderr.write(`${text}\n`)
    }
  })
  const stop = () => watcher.stop()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  try {
    for await (const event of watcher) await output.event(event, line(event))
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
  if (refusal) throw refusal
}

/** Returns the line for a status; `undefined`: there is nothing to say. */
export function statusLine(status: WatchStatus, { transport }: Pick<ClientStatus, 'transport'>): string | undefined {
  if (status.state === 'live') return `# live (${transport}); Ctrl-C ends it`
  if (status.state === 'interrupted') return `# interrupted: ${status.error.message}; trying again`
  return undefined
}
