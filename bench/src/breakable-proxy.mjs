import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { clock } from './clock.mjs'

/** A way to a server that can be cut and mended. While it is cut, nobody answers there. */
export async function breakableProxy(target) {
  const { hostname: host, port } = new URL(target)
  const sockets = new Set()
  let lastConnectionAt = 0
  const listener = createServer({ noDelay: true }, (client) => {
    lastConnectionAt = clock()
    const upstream = connect({ host, port: Number(port), noDelay: true })
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(socket)
      socket.pipe(other)
      // What is wrong with one side ends both: `close` follows.
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  const listen = async (at) => {
    listener.listen(at, '127.0.0.1')
    await once(listener, 'listening')
    return listener.address().port
  }
  const cut = async () => {
    listener.close()
    for (const socket of sockets) socket.destroy()
    await once(listener, 'close')
  }
  const own = await listen(0)
  return {
    url: `http://127.0.0.1:${own}`,
    /** When somebody last connected. */
    get lastConnectionAt() {
      return lastConnectionAt
    },
    cut,
    mend: () => listen(own),
    close: cut,
  }
}
