import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { invalid } from '@ironflow/core/errors'
import type { Limits } from '../../limits'
import type { HttpBinding } from '../http'
import { isLoopbackAddress } from '../loopback'
import type { HttpRequest } from '../message'
import { readBody } from './body'
import { answerClientError } from './client-error'
import { FastPath } from './fast-path'
import { GracefulStop } from './graceful-stop'
import { openSockets } from './open-sockets'
import { PlainKeyWarning } from './plain-key-warning'
import { respond } from './respond'
import { StalledPeers } from './stalled-peers'
import { respondStream } from './stream'
import { asksForWebSocket, currentResponse, putBack, TakingTurns, takeTurn } from './turns'
import { refuseTunnel, Upgrade } from './upgrade'

/** Where and how to listen. */
export interface ServeOptions {
  /** Default 9123; 0: any free one. */
  port?: number | undefined
  /** Default 127.0.0.1. */
  host?: string | undefined
  /** PEM texts; absent: plain HTTP. */
  tls?: { cert: string | Buffer; key: string | Buffer } | undefined
}

/** A server that listens. */
export interface Listening {
  readonly host: string
  readonly port: number
  /** `http://127.0.0.1:9123`. */
  readonly url: string
  /**
   * Stops listening; requests that are being answered finish, for at most `timeoutMs` (default 10,000). Then the server
   * is closed. Its engine is its maker's to close, after this.
   */
  close(timeoutMs?: number): Promise<void>
}

/** Longer than most proxies keep a connection, so that none of them meets one that was just closed. */
const KEEP_ALIVE_MS = 65_000

/** A client that has not finished TLS by then will not. */
const HANDSHAKE_MS = 5_000

/** Milliseconds between two looks for requests that take too long to arrive: so much later than promised they are cut. */
const TIMEOUT_CHECK_MS = 100

const CLOSE_TIMEOUT_MS = 10_000

/**
 * Listens for HTTP with Node's own server, as soon as the first API key is made, where there is one to make.
 *
 * @throws what Node throws where it cannot listen, such as `EADDRINUSE`; what making that key threw; ValidationError
 * where everybody on the network could do everything
 */
export async function serve({ http }: { readonly http: HttpBinding }, options: ServeOptions = {}): Promise<Listening> {
  const { port = 9123, host = '127.0.0.1', tls } = options
  const { core } = http
  const { limits, logger, isOpen } = core.options
  if (isOpen && !isLoopbackName(host)) {
    throw invalid({ host: `must be this machine's own (127.0.0.1, ::1, localhost) where there is no authentication` })
  }
  await core.ready
  const settings = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
    // Of two `Host` or `Authorization` fields Node would forget the second, which a proxy may have gone by.
    joinDuplicateHeaders: true,
    IncomingMessage: TakingTurns,
  }
  const node: Server = tls
    ? createHttpsServer({ ...settings, ...tls, handshakeTimeout: HANDSHAKE_MS })
    : createHttpServer(settings)
  // Beyond a count of its own Node would forget headers, of which what is put back then knows nothing: bytes are the limit.
  node.maxHeadersCount = 0
  const connections = openSockets(node, 'connection')
  const stalled = new StalledPeers(connections, limits.stalledPeerMs)
  const stopping = new GracefulStop(node, connections)
  const warning = new PlainKeyWarning(logger, tls !== undefined)

  const fast = new FastPath(core)

  const answer = async (request: IncomingMessage, response: ServerResponse, askForBody?: () => void) => {
    const { clock } = fast
    const answered = await http.handle(adapt(request, limits, response, askForBody))
    if (answered.stream) return respondStream(response, answered, limits.streamBufferBytes)
    if (answered.keep) fast.keep(answered, clock)
    respond(request, response, answered, { bodyBytes: limits.bodyBytes, close: stopping.isStopping })
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse, askForBody?: () => void) => {
    takeTurn(request.socket, response)
    stopping.heard(response)
    warning.look(request)
    if (fast.answer(request, response, performance.now(), stopping.isStopping)) return
    void answer(request, response, askForBody)
  }
  node.on('request', onRequest)
  // A body is asked for when it is read: one that will be refused need not be sent.
  node.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    onRequest(request, response, () => response.writeContinue())
  })
  const upgrade = new Upgrade(http)
  node.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (currentResponse(socket) || !asksForWebSocket(request)) return putBack(node, request, head)
    takeTurn(socket, undefined)
    warning.look(request)
    void upgrade.answer(request, adapt(request, limits), socket, head)
  })
  node.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (currentResponse(socket)) putBack(node, request, head)
    else refuseTunnel(socket)
  })
  node.on('clientError', (error, socket) => answerClientError(error, socket, limits))

  await new Promise<void>((resolve, reject) => {
    node.once('error', reject)
    node.listen({ port, host }, resolve)
  })
  const address = node.address() as AddressInfo
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  const url = `${tls ? 'https' : 'http'}://${shown}:${address.port}`
  return {
    host: address.address,
    port: address.port,
    url,
    close: async (timeoutMs = CLOSE_TIMEOUT_MS) => {
      core.drain()
      await stopping.stop(timeoutMs)
      stalled.close()
      fast.close()
      await core.close()
    },
  }
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host)
}

function adapt(
  request: IncomingMessage,
  limits: Limits,
  response?: ServerResponse,
  askForBody?: () => void,
): HttpRequest {
  const { headers } = request
  return {
    verb: request.method ?? '',
    target: request.url ?? '',
    header(name) {
      const value = headers[name]
      return typeof value === 'object' ? value.join(', ') : value
    },
    body: (limit) => readBody(request, limit, limits, askForBody),
    remoteAddress: request.socket.remoteAddress,
    onGone: response && ((listener) => response.once('close', listener)),
  }
}
