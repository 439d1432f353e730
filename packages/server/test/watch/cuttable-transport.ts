import { ConnectionError } from '@ironflow/core/errors'
import type { Connection, ConnectionSession, Transport } from '@ironflow/core/transport'
import { expect } from 'vitest'

/** A connection, its messages on their way to the client, and how many more arrive before it is cut. */
interface Line {
  readonly arriving: (() => void)[]
  readonly connection: Connection
  readonly session: ConnectionSession
}

/**
 * A transport whose messages arrive when a test lets them, and whose connections it cuts: what was on its way then is
 * lost. A client has one connection at most.
 */
export class CuttableTransport implements Transport {
  readonly seen = { connections: 0, resumed: 0, cuts: 0, cutsInSnapshot: 0, resets: new Map<string, number>() }
  private line: Line | undefined
  private left = Number.POSITIVE_INFINITY
  private readonly unsynced = new Set<string>()

  /** @param to what connections go to from now on */
  constructor(public to: Transport) {}

  readonly call: Transport['call'] = (call, signal) => this.to.call(call, signal)
  readonly endpoint: Transport['endpoint'] = (call) => this.to.endpoint(call)

  close(): void {}

  get isQuiet(): boolean {
    return !this.line || this.line.arriving.length === 0
  }

  connect(session: ConnectionSession): Connection {
    expect(this.line, 'a second connection').toBeUndefined()
    this.seen.connections++
    this.unsynced.clear()
    const arriving: (() => void)[] = []
    const connection = this.to.connect({
      environment: session.environment,
      subscriptions: () => {
        const subscriptions = session.subscriptions()
        this.seen.resumed += subscriptions.filter(({ cursor }) => cursor !== undefined).length
        return subscriptions
      },
      begun: () => session.begun(),
      frame: (frame) => {
        arriving.push(() => {
          if ('sub' in frame && frame.sub !== undefined) {
            if (frame.type === 'synced') this.unsynced.delete(frame.sub)
            else if ('initial' in frame) this.unsynced.add(frame.sub)
            if (frame.type === 'reset')
              this.seen.resets.set(frame.reason, (this.seen.resets.get(frame.reason) ?? 0) + 1)
          }
          session.frame(frame)
        })
      },
      ended: (end) => arriving.push(() => session.ended(end)),
    })
    const line = { arriving, connection, session }
    this.line = line
    return {
      send: (frame) => connection.send(frame),
      close: () => {
        connection.close()
        if (this.line === line) this.line = undefined
      },
    }
  }

  /** Lets so many messages arrive. */
  deliver(count: number): void {
    for (let index = 0; index < count; index++) {
      const arrive = this.line?.arriving.shift()
      if (!arrive) return
      arrive()
      if (--this.left <= 0) this.cut()
    }
  }

  /** Cuts the connection once so many more messages have arrived. */
  cutAfter(count: number): void {
    this.left = count
  }

  cut(): void {
    this.left = Number.POSITIVE_INFINITY
    const { line } = this
    if (!line) return
    this.seen.cuts++
    if (this.unsynced.size > 0) this.seen.cutsInSnapshot++
    line.connection.close()
    line.arriving.length = 0
    line.session.ended({ error: new ConnectionError('cut by the test', 'connection_failed') })
  }
}
