import { ConnectionError } from '../errors/kinds'
import type { Socket, SocketEnd } from '../platform'
import { encodeFrame, parseServerFrame } from '../protocol/envelope'
import { type ClientFrame, SUBPROTOCOL } from '../protocol/frames'
import { answerError } from './answer'
import type { Link } from './link'
import type { Connection, ConnectionEnd, ConnectionSession } from './transport'

/** A session, and calls, over one WebSocket. */
export class WebSocketConnection implements Connection {
  private socket: Socket | undefined
  private isOpen = false
  private readonly controller = new AbortController()

  constructor(
    private readonly link: Link,
    private readonly session: ConnectionSession,
  ) {
    this.open().catch((thrown: unknown) => this.end({ error: link.failure(thrown) }))
  }

  /** Before it is open there is nothing to send: then all that is wanted by then will be. */
  send(frame: ClientFrame): boolean {
    if (this.isOpen) this.socket?.send(encodeFrame(frame))
    return true
  }

  close(): void {
    this.controller.abort()
    this.socket?.close()
  }

  private async open(): Promise<void> {
    const { link, session } = this
    const { signal } = this.controller
    const { environment } = session
    const key = await link.credentials.renew(signal)
    if (signal.aborted) return
    const query = environment === undefined ? '' : `?environment=${environment}`
    // http becomes ws, https becomes wss.
    const url = `${link.server.replace(/^http/, 'ws')}/api/v1/ws${query}`
    const protocols = key === undefined ? [SUBPROTOCOL] : [SUBPROTOCOL, `bearer.${base64url(key)}`]
    this.socket = link.platform.openSocket(url, protocols, link.headers, {
      opened: () => {
        this.isOpen = true
        for (const subscription of session.subscriptions()) this.send({ type: 'subscribe', ...subscription })
      },
      message: (text) => {
        const frame = parseServerFrame(text)
        if (frame && !signal.aborted) session.frame(frame)
      },
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

  private end(end: ConnectionEnd): void {
    if (this.controller.signal.aborted) return
    this.controller.abort()
    this.session.ended(end)
  }
}

/** A key, which is ASCII, as subprotocol names allow it (RFC 4648, 5, without padding). */
function base64url(key: string): string {
  return btoa(key).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
