import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** The open sockets of which a server emits an event, each counted once however often it is emitted. */
export function openSockets(server: Server, event: 'connection' | 'secureConnection'): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on(event, (socket: Socket) => {
    if (sockets.has(socket)) return
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}
