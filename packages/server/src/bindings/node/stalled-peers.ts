import type { Socket } from 'node:net'

/** Looks in the time after which a peer counts as stalled: it is found out at most a tenth of that time later. */
const LOOKS = 10

/** What Node's handle of a connection counts; its own socket timeout goes by the same. */
interface Handle {
  /** Bytes it was given. */
  readonly bytesWritten: number
  /** Those of them that the kernel has not taken yet. */
  readonly writeQueueSize: number
}

interface Stall {
  /** Bytes the kernel had taken when the stall was first seen. */
  readonly taken: number
  /** Looks since then. */
  looks: number
}

/**
 * Cuts connections of peers that stop taking what is sent to them: responses, event streams and WebSockets alike. What
 * waits for such a peer is in this process's memory, and TCP would keep it for as long as the peer keeps acknowledging.
 *
 * Only bytes that the kernel does not take count. A quiet connection has none and is never cut; a slow one is not either,
 * as long as it takes something.
 */
export class StalledPeers {
  private readonly stalls = new Map<Socket, Stall>()
  private readonly timer: NodeJS.Timeout

  /**
   * @param connections the open ones; with TLS, the sockets beneath it
   * @param stalledPeerMs the limit of that name
   */
  constructor(
    private readonly connections: ReadonlySet<Socket>,
    stalledPeerMs: number,
  ) {
    this.timer = setInterval(() => this.look(), Math.ceil(stalledPeerMs / LOOKS)).unref()
  }

  /** Looks at every connection once. */
  look(): void {
    for (const socket of this.stalls.keys()) if (!this.connections.has(socket)) this.stalls.delete(socket)
    for (const socket of this.connections) {
      const handle = (socket as Socket & { _handle?: Handle | null })._handle
      const queued = handle?.writeQueueSize ?? 0
      if (!handle || queued === 0) {
        if (this.stalls.size > 0) this.stalls.delete(socket)
        continue
      }
      const taken = handle.bytesWritten - queued
      const stall = this.stalls.get(socket)
      if (stall?.taken !== taken) this.stalls.set(socket, { taken, looks: 0 })
      else if (++stall.looks >= LOOKS) socket.destroy()
    }
  }

  close(): void {
    clearInterval(this.timer)
    this.stalls.clear()
  }
}
