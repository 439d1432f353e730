import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { errorFor, type IronflowError } from '@ironflow/core/errors'
import { SUBPROTOCOL } from '@ironflow/core/protocol'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { failure } from '../../dispatch/failure'
import { errorResponse } from '../answer'
import type { HttpBinding } from '../http'
import type { HttpRequest } from '../message'
import { newRequestId, requestIdFrom } from '../request-id'
import type { SocketPeer } from '../socket-peer'
import type { SocketSession } from '../websocket'
import { endConnection } from './end-connection'
import { KEEP_ALIVE_MS } from './stream'
import { textFrame } from './text-frame'

/** A value as large as a body may be takes more as JSON in a frame: base64 and escapes. */
const FRAME_OVERHEAD = 2

/** Makes WebSockets of requests that ask for it. */
export class Upgrade {
  private readonly sockets: WebSocketServer
  /** What was sent last: what goes to many is made once. */
  private lastText = ''
  private lastFrame = textFrame('')

  constructor(private readonly http: HttpBinding) {
    this.sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: FRAME_OVERHEAD * http.core.options.limits.bodyBytes,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    })
  }

  /** Answers an upgrade request. Never rejects. */
  async answer(message: IncomingMessage, request: HttpRequest, socket: Duplex, head: Buffer): Promise<void> {
    const requestId = requestIdFrom(request.header('x-request-id'))
    const onError = () => socket.destroy()
    socket.on('error', onError)
    const outcome = await this.http.admitSocket(request, requestId)
    if (!outcome.ok) return refuse(socket, outcome.error, requestId)
    socket.off('error', onError)
    this.sockets.handleUpgrade(message, socket, head, (ws) => {
      this.connect(ws, socket as Socket, (peer) => outcome.result.open(peer))
    })
  }

  private connect(ws: WebSocket, socket: Socket, open: (peer: SocketPeer) => SocketSession): void {
    const { streamBufferBytes } = this.http.core.options.limits
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    let isCorked = false
    const uncork = () => {
      isCorked = false
      socket.uncork()
    }
    const peer: SocketPeer = {
      get ready() {
        return ws.readyState === ws.OPEN && ws.bufferedAmount < streamBufferBytes
      },
      send: (text) => {
        if (ws.readyState !== ws.OPEN) return
        socket.write(this.frameOf(text))
        // The first leaves at once: often it is the only one. What follows in the same go leaves together.
        if (!isCorked) {
          isCorked = true
          socket.cork()
          process.nextTick(uncork)
        }
      },
      close: (code, reason) => ws.close(code, reason),
      // One that is closing reads on to its end.
      pause: () => ws.readyState === ws.OPEN && ws.pause(),
      resume: () => ws.resume(),
    }
    // What is wrong with a connection ends it: `close` follows.
    ws.on('error', () => undefined)
    let session: SocketSession
    try {
      session = open(peer)
    } catch (thrown) {
      ws.close(1013, failure(thrown).message.slice(0, 100))
      return
    }
    socket.on('drain', () => session.drained())
    ws.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) session.binary()
      else session.message(data.toString())
    })
    ws.on('close', () => session.closed())
  }

  private frameOf(text: string): Buffer {
    if (text !== this.lastText) {
      this.lastText = text
      this.lastFrame = textFrame(text)
    }
    return this.lastFrame
  }
}

/** Refuses a `CONNECT`, with which a client asks a proxy for a tunnel, and closes. */
export function refuseTunnel(socket: Duplex): void {
  socket.on('error', () => socket.destroy())
  refuse(socket, errorFor('invalid_request', 'CONNECT is for proxies, and this server is none'), newRequestId())
}

/** Responds in place of an upgrade, and closes. */
function refuse(socket: Duplex, error: IronflowError, requestId: string): void {
  const { status, headers, body = '' } = errorResponse(error, requestId)
  const all = { ...headers, 'x-request-id': requestId, 'content-length': Buffer.byteLength(body), connection: 'close' }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  endConnection(socket, `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`)
}
