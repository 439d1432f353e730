import { ConnectionError, errorFor } from '../errors/kinds'
import { messageOf } from '../errors/normalize'
import type { Socket, SocketEnd } from '../platform'
import { encodeFrame, parseServerFrame } from '../protocol/envelope'
import { type ClientFrame, SUBPROTOCOL } from '../protocol/frames'
import { LinkConnection } from './connection'
import { responseError } from './response-error'
import type { ConnectionEnd } from './transport'

/** How a WebSocket ends on which a message was too large (RFC 6455, 7.4.1). */
const TOO_LARGE = 1009

/** A session, and calls, over one WebSocket. */
export class WebSocketConnection extends LinkConnection {
  private socket: Socket | undefined
  private isOpen = false
  /** The largest message that was sent: the one meant where the server says that one was too large. */
  private largest: { readonly length: number; readonly frame?: ClientFrame } = { length: 0 }

  /** Before it is open there is nothing to send: then all that is wanted by then will be. */
  send(frame: ClientFrame): boolean {
    if (this.isOpen) {
      const text = encodeFrame(frame)
      if (text.length > this.largest.length) this.largest = { length: text.length, frame }
      this.socket?.send(text)
    }
    return true
  }

  override close(): void {
    super.close()
    this.socket?.close()
  }

  protected async run(key: string | undefined): Promise<void> {
    const { link, server, session } = this
    const { environment } = session
    const query = environment === undefined ? '' : `?environment=${environment}`
    // http becomes ws, https becomes wss.
    const url = `${server.replace(/^http/, 'ws')}/api/v1/ws${query}`
    const protocols = key === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, `bearer.${base64url(key)}`]
    try {
      this.socket = link.platform.openSocket(url, protocols, link.headers, {
        opened: () => {
          this.isOpen = true
          for (const subscription of session.subscriptions()) this.send({ type: 'subscribe', ...subscription })
        },
        message: (text) => this.receive(parseServerFrame(text)),
        closed: (end) => {
          const how = this.endOf(end, key)
          const { frame } = this.largest
          if (end.code === TOO_LARGE && frame?.type === 'subscribe') {
            this.refuse(frame.id, errorFor('payload_too_large', how.error.message))
          }
          this.end(how)
        },
      })
    } catch (thrown) {
      this.end(opaque(`the WebSocket could not be opened: ${messageOf(thrown)}`, thrown))
    }
  }

  private endOf({ response, error, code, reason }: SocketEnd, key: string | undefined): ConnectionEnd {
    const { link, server } = this
    if (response) {
      return { error: link.refusal(responseError(response, response.text, link.platform.now()), key, server) }
    }
    if (error !== undefined) return { error: link.failure(error, server) }
    link.leave(server)
    const why = [code, reason].filter(Boolean).join(', ')
    const what = this.isOpen ? `the WebSocket was closed (${why})` : 'the WebSocket could not be opened'
    return opaque(what)
  }
}

/** The end of a connection that says nothing about the server. */
function opaque(message: string, cause?: unknown): ConnectionEnd {
  return { error: new ConnectionError(message, 'connection_failed', { cause }), isOpaque: true }
}

/** A key, which is ASCII, as subprotocol names allow it (RFC 4648, 5, without padding). */
function base64url(key: string): string {
  return btoa(key).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
