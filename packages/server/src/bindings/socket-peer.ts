/** A WebSocket as the bindings see it, whatever implements it. Nothing here throws, also when the peer is gone. */
export interface SocketPeer {
  /** Whether it takes more now. If not, {@link SocketSession.drained} is called later. */
  readonly ready: boolean
  send(text: string): void
  close(code: number, reason: string): void
  /** Stops and continues reading what the peer sends. Messages that were read already still come after `pause`. */
  pause(): void
  resume(): void
}
