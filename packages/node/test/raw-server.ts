import { createServer, type Server, type Socket } from 'node:net'

/** A server on loopback that says exactly what a test wants, valid HTTP or not. */
export interface RawServer extends AsyncDisposable {
  readonly url: string
  /** The requests that came, each as text. */
  readonly requests: string[]
}

/** Calls `answer` once a request has come in whole as far as its headers. */
export async function rawServer(answer: (socket: Socket, request: string) => void): Promise<RawServer> {
  const sockets = new Set<Socket>()
  const requests: string[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    let received = ''
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (!received.includes('\r\n\r\n')) return
      const request = received
      received = ''
      requests.push(request)
      answer(socket, request)
    })
  })
  const url = await listening(server)
  return {
    url,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** The address of a port on which nobody listens. */
export async function closedPort(): Promise<string> {
  const server = createServer()
  const url = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}

function listening(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (typeof address === 'object' && address) resolve(`http://127.0.0.1:${address.port}`)
    })
  })
}

/** A whole answer of HTTP. */
export function http(status: string, headers: Record<string, string>, body: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${status}`, ...lines, '', body].join('\r\n')
}

const DOCUMENT = JSON.stringify({ name: 'limits', data: { seats: 5 }, revision: 1, updatedAt: '2026-01-01T00:00:00Z' })

/** The answer to `config.get('limits')`. */
export function document(): string {
  return http('200 OK', { 'content-type': 'application/json', 'content-length': String(DOCUMENT.length) }, DOCUMENT)
}
