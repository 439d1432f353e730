import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A proxy that knows nothing but bytes, and what it does to connections. */
export interface TcpProxy extends AsyncDisposable {
  /** Where clients find the server behind it. */
  readonly url: string
  /** How many connections were cut so far. */
  readonly cuts: number
  /** How many connections were made so far, and how many are open now. */
  readonly opened: number
  readonly open: number
  /** Whether it cuts now, also what is open. At first it does. */
  isCutting: boolean
  /** Ends every connection that is open now. */
  cut(): void
  /** Reads nothing more of what the server sends, and goes on with it. */
  pause(): void
  resume(): void
}

export interface TcpProxyOptions {
  /** Asked for each connection: after how many bytes from the server it is cut. Default: never. */
  cutAfter?: (() => number) | undefined
  /** Asked at each cut: whether the peers see a reset instead of an end. Default: an end. */
  isReset?: (() => boolean) | undefined
}

/** Stands before the server at `target`. */
export async function tcpProxy(target: string, options: TcpProxyOptions = {}): Promise<TcpProxy> {
  const { cutAfter = () => Number.POSITIVE_INFINITY, isReset = () => false } = options
  const { hostname: host, port } = new URL(target)
  const upstreams = new Set<Socket>()
  const clients = new Set<Socket>()
  let [cuts, opened, isPaused] = [0, 0, false]

  const listener = createServer({ noDelay: true }, (client) => {
    opened++
    const upstream = connect({ host, port: Number(port), noDelay: true })
    let restBytes = cutAfter()
    clients.add(client)
    upstreams.add(upstream)
    if (isPaused) upstream.pause()
    const end = (socket: Socket) => (isReset() ? socket.resetAndDestroy() : socket.destroy())
    const cut = () => {
      if (upstream.destroyed) return
      cuts++
      end(upstream)
      end(client)
    }
    upstream.on('data', (chunk) => {
      const part = proxy.isCutting && chunk.length >= restBytes ? chunk.subarray(0, Math.max(0, restBytes)) : chunk
      restBytes -= part.length
      // What is before the cut arrives.
      const isLast = proxy.isCutting && restBytes <= 0
      if (isLast) upstream.pause()
      if (!client.write(part, isLast ? cut : undefined) && !isLast) {
        upstream.pause()
        client.once('drain', () => isPaused || upstream.resume())
      }
    })
    client.on('data', (chunk) => upstream.write(chunk))
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      // What is wrong with one side ends both: `close` follows.
      socket.on('error', () => undefined)
      socket.on('close', () => other.destroy())
    }
    client.on('close', () => clients.delete(client))
    upstream.on('close', () => upstreams.delete(upstream))
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')

  const proxy: TcpProxy = {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    get cuts() {
      return cuts
    },
    get opened() {
      return opened
    },
    get open() {
      return clients.size
    },
    isCutting: true,
    cut() {
      for (const socket of [...clients, ...upstreams]) socket.destroy()
    },
    pause() {
      isPaused = true
      for (const upstream of upstreams) upstream.pause()
    },
    resume() {
      isPaused = false
      for (const upstream of upstreams) upstream.resume()
    },
    async [Symbol.asyncDispose]() {
      if (!listener.listening) return
      const closed = once(listener, 'close')
      listener.close()
      proxy.cut()
      await closed
    },
  }
  return proxy
}
