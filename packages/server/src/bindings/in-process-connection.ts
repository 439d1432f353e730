import { ConnectionError, type IronflowError } from '@ironflow/core/errors'
import { type ClientFrame, encodeFrame, parseClientFrame, parseServerFrame } from '@ironflow/core/protocol'
import type { Connection, ConnectionSession } from '@ironflow/core/transport'
import type { ServerCore } from '../server-core'
import type { Session } from '../watch/session'
import type { Sink } from '../watch/sink'
import { newRequestId } from './request-id'

/**
 * Carries a client's session within one process. Messages pass as text, and never while their sender runs: as little as
 * on a wire does a client's callback become part of a server's commit.
 */
export function connectInProcess(core: ServerCore, keyHash: string | undefined, client: ConnectionSession): Connection {
  let session: Session | undefined
  let isOver = false
  /** Tells the client, after all that was said before. */
  const tell = (what: () => void) => queueMicrotask(() => isOver || what())
  const end = (error: IronflowError) =>
    tell(() => {
      isOver = true
      client.ended({ error })
    })
  const sink: Sink = {
    transport: 'in-process',
    ready: true,
    send: (_, text) =>
      tell(() => {
        const frame = parseServerFrame(text)
        if (frame) client.frame(frame)
      }),
    settled: () => undefined,
    end: (error) => end(error ?? new ConnectionError('the server ended the connection', 'connection_failed')),
  }
  const receive = (frame: ClientFrame) => {
    const received = parseClientFrame(encodeFrame(frame), core.options.limits)
    const { frame: read, error, sub } = { sub: undefined, frame: undefined, ...received }
    if (error) session?.sendError(error, sub)
    else if (read?.type === 'subscribe') subscribe(session, read)
    else if (read?.type === 'unsubscribe') session?.unsubscribe(read.id)
  }
  const open = async () => {
    const { dispatcher, watching } = core
    const opening = { environment: client.environment }
    const caller = { keyHash, transport: 'in-process' } as const
    const outcome = await dispatcher.observe(newRequestId(), 'watch', async (progress) => {
      const watcher = await dispatcher.admitWatch(opening, caller, progress)
      // At once: a client that closes from now on ends it.
      if (!isOver) session = watching.open({ keyHash, ...watcher, sink })
    })
    if (!outcome.ok) return end(outcome.error)
    session?.welcome()
    for (const subscription of client.subscriptions()) receive({ type: 'subscribe', ...subscription })
  }
  void open()
  return {
    send(frame) {
      receive(frame)
      return true
    },
    close() {
      isOver = true
      session?.end()
    },
  }
}

function subscribe(session: Session | undefined, { type: _, ...subscription }: ClientFrame & { type: 'subscribe' }) {
  if (!session) return // It is not open yet: then this one will be among those that it begins with.
  session.subscribeOrTell(subscription)
}
