import { once } from 'node:events'
import { createServer as createHttp, type IncomingMessage } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** A proxy that makes tunnels, and nothing else. */
export interface ConnectProxy extends AsyncDisposable {
  readonly url: string
  /** The ends of its tunnels, in the order in which they were asked for. */
  readonly tunnels: string[]
}

/** How a {@link connectProxy} is. */
export interface ConnectProxyOptions {
  /** TLS with its clients. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /** `user:password` that it asks for. */
  readonly credentials?: string | undefined
  /** It takes every request and never responds. */
  readonly hangs?: boolean | undefined
}

/** Starts a proxy on a free port of 127.0.0.1. */
export async function connectProxy({ tls, credentials, hangs }: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const open = new Set<Duplex>()
  const tunnels: string[] = []
  const server = tls ? createHttps(tls) : createHttp()
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
  server.on('connection', (socket: Duplex) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => open.delete(socket))
  })
  server.on('connect', ({ url = '', headers }: IncomingMessage, client: Duplex) => {
    client.on('error', () => undefined)
    if (hangs) {
      client.on('end', () => client.destroy()).resume()
      return
    }
    if (wanted !== undefined && headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n')
      return
    }
    tunnels.push(url)
    const { hostname, port } = new URL(`http://${url}`)
    const upstream = connect({ host: hostname, port: Number(port) })
    open.add(upstream)
    upstream.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    upstream.on('close', () => open.delete(upstream))
    upstream.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(client)
      client.pipe(upstream)
    })
    client.on('close', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    tunnels,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
