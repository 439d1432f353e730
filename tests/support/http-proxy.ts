import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** What such proxies do to what they do not know. May be changed while the proxy runs. */
export interface HttpProxyManners {
  /** The answer to every upgrade; absent: upgrades pass. */
  upgradeStatus?: number | undefined
  /**
   * `swallow`: the body of an event stream is never handed on; `buffer`: every answer is handed on when it is complete.
   * Default: everything passes as it comes.
   */
  answers?: 'swallow' | 'buffer' | undefined
}

/** A proxy that speaks HTTP. */
export interface HttpProxy extends AsyncDisposable {
  readonly url: string
  readonly manners: HttpProxyManners
  /** How many upgrades were asked for so far. */
  readonly upgrades: number
}

/** Stands before the server at `target`; where nobody answers there, it answers 502, as proxies do. */
export async function httpProxy(target: string, manners: HttpProxyManners): Promise<HttpProxy> {
  const { hostname, port } = new URL(target)
  const open = new Set<Duplex>()
  let upgrades = 0

  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming
    const upstream = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      handOn(answer, outgoing, manners)
    })
    upstream.on('error', () => {
      if (!outgoing.headersSent) outgoing.writeHead(502)
      outgoing.end()
    })
    outgoing.on('close', () => upstream.destroy())
    incoming.pipe(upstream)
  })
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  server.on('upgrade', (incoming, socket, head) => {
    upgrades++
    const { upgradeStatus } = manners
    if (upgradeStatus === undefined) tunnel(incoming, socket, head, hostname, Number(port))
    else socket.end(`HTTP/1.1 ${upgradeStatus} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    manners,
    get upgrades() {
      return upgrades
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

function handOn(answer: IncomingMessage, outgoing: ServerResponse, { answers }: HttpProxyManners): void {
  const status = answer.statusCode ?? 502
  // What is wrong with one side ends both.
  answer.on('error', () => outgoing.destroy())
  if (answers === 'buffer') {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('end', () => outgoing.writeHead(status, answer.headers).end(Buffer.concat(chunks)))
    return
  }
  outgoing.writeHead(status, answer.headers).flushHeaders()
  const isSwallowed = answers === 'swallow' && answer.headers['content-type']?.startsWith('text/event-stream')
  if (isSwallowed) answer.resume()
  else answer.pipe(outgoing)
}

/** From here on it is bytes. */
function tunnel(incoming: IncomingMessage, client: Duplex, head: Buffer, host: string, port: number): void {
  const upstream = connect({ host, port })
  const lines = Array.from({ length: incoming.rawHeaders.length / 2 }, (_, index) => {
    return `${incoming.rawHeaders[2 * index]}: ${incoming.rawHeaders[2 * index + 1]}\r\n`
  })
  upstream.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join('')}\r\n`)
  upstream.write(head)
  upstream.pipe(client)
  client.pipe(upstream)
  upstream.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'))
  client.on('error', () => upstream.destroy())
  client.on('close', () => upstream.destroy())
}
