import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A proxy before a server: it keeps what it is asked, and can be as bad as networks are. */
export interface Front {
  readonly url: string
  readonly requests: ReadonlyArray<{ method: string; url: string; headers: IncomingHttpHeaders }>
  /** Whether upgrades are answered with 400. */
  refusesUpgrades: boolean
  /** Whether nobody gets through; what is open when it becomes so is cut off. */
  isDown: boolean
  /** Whether requests are answered with 503. */
  isUnavailable: boolean
  /** How many WebSockets are open. */
  readonly webSockets: number
  close(): void
}

export async function startFront(serverUrl: string): Promise<Front> {
  const { hostname, port } = new URL(serverUrl)
  const requests: Array<Front['requests'][number]> = []
  const sockets = new Set<Socket>()
  let webSockets = 0
  let isDown = false
  const keep = ({ method = '', url = '', headers }: IncomingMessage) => requests.push({ method, url, headers })

  const server = createServer((incoming, response) => {
    keep(incoming)
    if (front.isUnavailable) {
      response.writeHead(503).end()
      return
    }
    const { method, url, headers } = incoming
    const forwarded = request({ hostname, port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    forwarded.on('error', () => response.destroy())
    response.on('close', () => forwarded.destroy())
    incoming.pipe(forwarded)
  })
  server.on('connection', (socket) => {
    if (isDown) socket.destroy()
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    keep(incoming)
    if (front.refusesUpgrades) {
      client.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      return
    }
    const upstream = connect(Number(port), hostname)
    const { rawHeaders } = incoming
    const headers = rawHeaders.flatMap((name, index) => (index % 2 ? [] : `${name}: ${rawHeaders[index + 1]}\r\n`))
    upstream.write(`GET ${incoming.url} HTTP/1.1\r\n${headers.join('')}\r\n`)
    upstream.write(head)
    webSockets++
    client.on('close', () => {
      webSockets--
      upstream.destroy()
    })
    upstream.on('close', () => client.destroy())
    // Its `close` follows.
    for (const end of [client, upstream]) end.on('error', () => undefined)
    upstream.pipe(client).pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  const front = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    refusesUpgrades: false,
    isUnavailable: false,
    get isDown() {
      return isDown
    },
    set isDown(down) {
      isDown = down
      if (down) cut()
    },
    get webSockets() {
      return webSockets
    },
    close() {
      cut()
      server.close()
    },
  }
  return front
}
