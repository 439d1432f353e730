import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { SERVER } from './certificates'

/** A server of HTTP and WebSockets that responds as a server of Ironflow would. */
export interface TestServer extends AsyncDisposable {
  readonly url: string
  /** The requests that came, as `GET /path`, upgrades included. */
  readonly requests: string[]
  /** The number of connections that were made. */
  readonly connections: number
}

const ENTRY = { name: 'limits', data: { seats: 5 }, revision: 1, updatedAt: '2026-01-01T00:00:00Z' }
const WELCOME = {
  type: 'welcome',
  protocol: 1,
  features: [],
  environment: 'default',
  heartbeatMs: 15_000,
  serverTime: '2026-01-01T00:00:00Z',
}

/** Starts such a server with TLS. @param tls of `node:https`; default: {@link SERVER}'s certificate */
export function tlsServer(tls: ServerOptions = {}, respond: RequestListener = respondAsIronflow): Promise<TestServer> {
  return serve('https', createHttps({ ...SERVER, ...tls }, respond))
}

/** Starts such a server without TLS. */
export function plainServer(respond: RequestListener = respondAsIronflow): Promise<TestServer> {
  return serve('http', createHttp(respond))
}

/** Responds to a read of a document, and to a session by server-sent events or long poll. */
export const respondAsIronflow: RequestListener = (request, response) => {
  if (request.headers.accept?.includes('text/event-stream')) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const frame of frames('1')) response.write(`event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`)
    return
  }
  response.setHeader('content-type', 'application/json')
  if (request.method === 'GET') response.end(JSON.stringify(ENTRY))
  else if (request.url?.includes('waitMs=0')) response.end(JSON.stringify({ frames: frames('1'), cursors: {} }))
}

function frames(sub: string): Array<{ type: string }> {
  const update = { ...ENTRY, sub, type: 'config_update', initial: true, cursor: 'e-1-1' }
  return [WELCOME, update, { ...{ sub, cursor: 'e-1-1' }, type: 'synced' }]
}

async function serve(scheme: string, server: ReturnType<typeof createHttp>): Promise<TestServer> {
  const requests: string[] = []
  let connections = 0
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.send(JSON.stringify(WELCOME))
    socket.on('message', (data) => {
      const { type, id } = JSON.parse(String(data))
      if (type === 'subscribe') for (const frame of frames(id).slice(1)) socket.send(JSON.stringify(frame))
    })
  })
  server.on('connection', () => {
    connections++
  })
  const note = ({ method, url }: { method?: string | undefined; url?: string | undefined }) =>
    requests.push(`${method} ${url}`)
  server.on('request', note)
  server.on('upgrade', note)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `${scheme}://localhost:${port}`,
    requests,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
