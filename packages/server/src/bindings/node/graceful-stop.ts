import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { openSockets } from './open-sockets'
import { hasHadRequest } from './turns'

/** Ends a Node server without cutting off what it is answering. */
export class GracefulStop {
  /** The sockets that requests come over: with TLS, others than those of the connections. */
  private readonly sockets: ReadonlySet<Socket>
  private stopping: Promise<void> | undefined

  constructor(
    private readonly server: Server,
    private readonly connections: ReadonlySet<Socket>,
  ) {
    const isEncrypted = server.listenerCount('secureConnection') > 0
    this.sockets = isEncrypted ? openSockets(server, 'secureConnection') : connections
  }

  /** Whether answers are to be the last on their connection. */
  get isStopping(): boolean {
    return this.stopping !== undefined
  }

  /** Has the connection of a request that came during the stop closed after its response. */
  heard(response: ServerResponse): void {
    // One that was written before the stop began promised to keep its connection.
    if (this.isStopping) response.once('finish', () => setImmediate(() => this.server.closeIdleConnections()))
  }

  /**
   * Accepts no more connections, closes those that wait, lets requests finish, and cuts what is left after `timeoutMs`.
   * Resolves when all is closed. A second call waits for the first.
   */
  stop(timeoutMs: number): Promise<void> {
    this.stopping ??= new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of this.connections) socket.destroy()
      }, timeoutMs)
      const sweep = setInterval(() => this.server.closeIdleConnections(), 100)
      this.server.close(() => {
        clearTimeout(timer)
        clearInterval(sweep)
        resolve()
      })
      this.server.closeIdleConnections()
      // No response is due on a connection that has never had a request.
      for (const socket of this.sockets) if (!hasHadRequest(socket)) socket.destroy()
    })
    return this.stopping
  }
}
