import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Ends a Node server without cutting off what it is answering. */
export class GracefulStop {
  private readonly connections = new Set<Socket>()
  /** Those that have not asked anything yet: nobody waits for an answer there. */
  private readonly silent = new Set<Socket>()
  private stopping: Promise<void> | undefined

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => track(this.connections, socket))
    // With TLS, requests come over another socket than connections.
    const isEncrypted = server.listenerCount('secureConnection') > 0
    server.on(isEncrypted ? 'secureConnection' : 'connection', (socket: Socket) => track(this.silent, socket))
  }

  /** Whether answers are to be the last on their connection. */
  get isStopping(): boolean {
    return this.stopping !== undefined
  }

  /** A request came. */
  heard(socket: Socket, response: ServerResponse): void {
    if (this.silent.size > 0) this.silent.delete(socket)
    // One that was written before the stop began promised to keep its connection.
    if (this.isStopping) response.once('finish', () => setImmediate(() => this.server.closeIdleConnections()))
  }

  /** A connection became something else than HTTP, whose end is somebody else's to tell. */
  upgraded(socket: Duplex): void {
    this.silent.delete(socket as Socket)
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
      for (const socket of this.silent) socket.destroy()
    })
    return this.stopping
  }
}

function track(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
}
