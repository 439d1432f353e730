import { type ServerFrame, SseDecoder, type SseEvent } from '@ironflow/core/protocol'
import { type ClientOptions, WebSocket } from 'ws'
import { ADMIN_KEY } from './harness'

const PATIENCE_MS = 5_000

/** Waits until `find` finds something, in small steps, for a bounded time. */
async function eventually<T>(find: () => T | undefined, what: () => string): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const found = find()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`waited in vain; there was ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** What was received so far, and waiting for more. */
class Received {
  readonly frames: ServerFrame[] = []

  /** Waits until a frame fits `pattern`, and answers it. Those before it are not looked at again. */
  async until<T extends ServerFrame['type']>(type: T, from = 0): Promise<Extract<ServerFrame, { type: T }>> {
    const frame = await eventually(
      () => this.frames.slice(from).find((each) => each.type === type),
      () => JSON.stringify(this.frames),
    )
    return frame as Extract<ServerFrame, { type: T }>
  }

  /** Waits until something is so. */
  async untilTrue(isSo: () => boolean): Promise<void> {
    await eventually(
      () => isSo() || undefined,
      () => `${this.frames.length} frames`,
    )
  }

  /** Waits until there are `count` frames of the type. */
  count(type: ServerFrame['type'], count: number): Promise<ServerFrame[]> {
    return eventually(
      () => {
        const frames = this.frames.filter((each) => each.type === type)
        return frames.length >= count ? frames : undefined
      },
      () => JSON.stringify(this.frames),
    )
  }
}

/** A WebSocket of a test's. */
export class SocketClient extends Received {
  readonly socket: WebSocket
  readonly opened: Promise<void>
  readonly closed: Promise<{ code: number; reason: string }>
  /** The answer in place of an upgrade. */
  refused: { status: number; body: string; headers: Record<string, string | string[] | undefined> } | undefined

  constructor(url: string, protocols: string[] = [], options: ClientOptions = {}) {
    super()
    this.socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, options)
    this.socket.on('message', (data) => this.frames.push(JSON.parse(String(data)) as ServerFrame))
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
    })
    this.opened = new Promise((resolve, reject) => {
      this.socket.on('open', () => resolve())
      this.socket.on('close', () => reject(new Error('closed')))
    })
    this.opened.catch(() => undefined)
    this.socket.on('unexpected-response', (request, response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('end', () => {
        this.refused = { status: response.statusCode ?? 0, body, headers: response.headers }
        request.destroy()
      })
    })
  }

  /** With a key as browsers send it. */
  static withKey(url: string, key = ADMIN_KEY, options?: ClientOptions): SocketClient {
    return new SocketClient(url, ['ironflow.v1', `bearer.${Buffer.from(key).toString('base64url')}`], options)
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  refusal(): Promise<NonNullable<SocketClient['refused']>> {
    return eventually(
      () => this.refused,
      () => 'no answer',
    )
  }
}

/** A stream of events of a test's, read byte by byte as it comes. */
export class EventClient extends Received {
  readonly events: SseEvent[] = []
  text = ''
  ended = false
  private readonly abort = new AbortController()

  private constructor(readonly response: Response) {
    super()
  }

  static async open(url: string, init: RequestInit = {}): Promise<EventClient> {
    const abort = new AbortController()
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, ...(init.headers as Record<string, string>) }
    const client = new EventClient(await fetch(url, { ...init, headers, signal: abort.signal }))
    client.abort.signal.addEventListener('abort', () => abort.abort())
    void client.read()
    return client
  }

  close(): void {
    this.abort.abort()
  }

  async end(): Promise<void> {
    await eventually(
      () => this.ended || undefined,
      () => this.text,
    )
  }

  private async read(): Promise<void> {
    const decoder = new SseDecoder((event) => {
      this.events.push(event)
      this.frames.push(JSON.parse(event.data) as ServerFrame)
    })
    const text = new TextDecoder()
    try {
      for await (const chunk of this.response.body as unknown as AsyncIterable<Uint8Array>) {
        const piece = text.decode(chunk, { stream: true })
        this.text += piece
        decoder.feed(piece)
      }
    } catch {
      // It was cut, by the test or by the server: either way that was all.
    }
    this.ended = true
  }
}
