import { ConnectionError } from '../errors/kinds'
import type { Socket, SocketEnd } from '../platform'
import { encodeFrame, parseServerFrame } from '../protocol/envelope'
import { type ClientFrame, SUBPROTOCOL } from '../protocol/frames'
import { answerError } from './answer'
import { LinkConnection } from './connection'
import type { ConnectionEnd } from './transport'

/** A session, and calls, over one WebSocket. */
export class WebSocketConnection extends LinkConnection {
  private socket: Socket | undefined
  private isOpen = false

  /** Before it is open there is nothing to send: then all that is wanted by then will be. */
  send(frame: ClientFrame): boolean {
    if (this.isOpen) this.socket?.send(encodeFrame(frame))
    return true
  }

  override close(): void {
    super.close()
    this.socket?.close()
  }

  protected async run(key: string | undefined): Promise<void> {
    const { link, session } = this
    const { environment } = session
    const query = environment === undefined ? '' : `?environment=${environment}`
    // http becomes ws, https becomes wss.
    const url = `${link.server.replace(/^http/, 'ws')}/api/v1/ws${query}`
    const protocols = key === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, `bearer.${base64url(key)}`]
    this.socket = link.platform.openSocket(url, protocols, link.headers, {
      opened: () => {
        this.isOpen = true
        for (const subscription of session.subscriptions()) this.send({ type: 'subscribe', ...subscription })
      },
      message: (text) => this.tell(parseServerFrame(text)),
      closed: (end) => this.end(this.endOf(end, key)),
    })
  }

  private endOf({ answer, error, code, reason }: SocketEnd, key: string | undefined): ConnectionEnd {
    const { link } = this
    if (answer) return { error: link.refusal(answerError(answer, answer.text, link.platform.now()), key) }
    if (error !== undefined) return { error: link.failure(error) }
    link.leave()
    const why = [code, reason].filter(Boolean).join(', ')
    const what = this.isOpen ? `the WebSocket was closed (${why})` : 'the WebSocket could not be opened'
    return { error: new ConnectionError(what, 'connection_failed'), isOpaque: true }
  }
}

/** A key, which is ASCII, as subprotocol names allow it (RFC 4648, 5, without padding). */
function base64url(key: string): string {
  return btoa(key).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
