import type { Duplex } from 'node:stream'

/** Milliseconds for which what a peer still sends is read and forgotten, so that it gets to read its response. */
export const LINGER_MS = 1_000

/**
 * Sends the last bytes of a connection and frees it {@link LINGER_MS} later, also if the peer keeps its side open.
 *
 * Until then what the peer sends is read: closing a connection with unread bytes makes the kernel reset it, and the
 * peer's kernel drop what it has not handed over yet, the last bytes too.
 */
export function endConnection(socket: Duplex, text: string): void {
  socket.end(text)
  ignoreRest(socket)
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}

/** Reads on, and keeps what comes from Node's parser, if that reads the connection. */
export function ignoreRest(socket: Duplex): void {
  socket.removeAllListeners('data')
  socket.on('data', () => undefined)
  socket.resume()
}
