import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Gives a request back that asks for an upgrade to something else than a WebSocket, so that it is answered as if it had
 * not asked (RFC 9110, 7.8). Several HTTP clients try for HTTP/2 that way on every first request, and Node has stopped
 * reading it as HTTP by then.
 */
export function withoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`]
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] as string
    if (!DROPPED.has(name.toLowerCase())) lines.push(`${name}: ${request.rawHeaders[index + 1]}`)
  }
  // Names and values were read as Latin-1.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
}

const DROPPED = new Set(['upgrade', 'connection', 'http2-settings'])
