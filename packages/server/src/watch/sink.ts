import type { IronflowError } from '@ironflow/core/errors'

/** How watchers reach this server. */
export type WatchTransport = 'websocket' | 'sse' | 'poll' | 'in-process'

/** Where a session's messages go: what a binding gives it. Nothing here throws, also when the peer is gone. */
export interface Sink {
  readonly transport: WatchTransport
  /**
   * Whether it takes more now. Where not, what is sent all the same is kept; whoever can wait does so until the
   * binding calls {@link Session.drained}.
   */
  readonly ready: boolean
  /** Sends a frame: its type, its JSON, and, where it has one, the cursor that a watcher has with it. */
  send(type: string, text: string, cursor?: string): void
  /** Every subscription has been told all there is. May be called more than once. */
  settled(): void
  /** The last of it: what was sent still goes out. `error` is what ended it, which the peer was told. */
  end(error?: IronflowError): void
}
