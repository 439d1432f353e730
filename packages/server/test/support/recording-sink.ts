import type { IronflowError } from '@ironflow/core/errors'
import type { ServerFrame } from '@ironflow/core/protocol'
import type { Session } from '../../src/watch/session'
import type { Sink, WatchTransport } from '../../src/watch/sink'

/** A client without a wire: keeps what it is sent, and takes as much as a test wants. */
export class RecordingSink implements Sink {
  readonly frames: ServerFrame[] = []
  readonly texts: string[] = []
  /** Characters that were sent and not taken. */
  pending = 0
  ended: { error: IronflowError | undefined } | undefined
  settledCount = 0
  session: Session | undefined

  /** @param capacity characters that may be pending before it takes no more */
  constructor(
    readonly transport: WatchTransport = 'in-process',
    public capacity = Number.POSITIVE_INFINITY,
  ) {}

  get ready(): boolean {
    return this.pending < this.capacity
  }

  send(_: string, text: string): void {
    this.texts.push(text)
    this.frames.push(JSON.parse(text) as ServerFrame)
    if (this.capacity < Number.POSITIVE_INFINITY) this.pending += text.length
  }

  settled(): void {
    this.settledCount++
  }

  end(error?: IronflowError): void {
    this.ended = { error }
  }

  /** Takes all that is pending, so that more comes. */
  take(): void {
    this.pending = 0
    this.session?.drained()
  }

  /** The frames of one subscription, without what differs from run to run. */
  of(sub: string): ServerFrame[] {
    return this.frames.filter((frame) => 'sub' in frame && frame.sub === sub)
  }

  types(sub: string): string[] {
    return this.of(sub).map(({ type }) => type)
  }

  /** The newest frame of a type. */
  last<T extends ServerFrame['type']>(type: T): Extract<ServerFrame, { type: T }> {
    const frame = this.frames.filter((each) => each.type === type).at(-1)
    if (!frame) throw new Error(`no ${type} among ${this.frames.map((each) => each.type).join(', ')}`)
    return frame as Extract<ServerFrame, { type: T }>
  }
}

/** Lets everything run that waits for no time, such as catching up: a page in each turn of the event loop. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve))
}
