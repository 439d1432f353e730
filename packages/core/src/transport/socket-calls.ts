import { onAbort } from '../async/abort'
import { IronflowError } from '../errors/ironflow-error'
import { fromProblem } from '../errors/problem'
import type { Platform } from '../platform'
import type { Call, Reply } from '../protocol/call'
import type { CallFrame, ClientFrame, ReplyFrame } from '../protocol/frames'
import type { MethodName } from '../protocol/methods'
import type { CallTransport } from './transport'

/** How long a socket stays open after its last call, in milliseconds: for the next one. */
const LINGER_MS = 10_000

/** The connection that carries the calls of a {@link SocketCalls}. */
export interface CallCarrier {
  readonly isOpen: boolean
  /** Where it leads, for `onError`. */
  readonly endpoint: string
  /** Returns why there will be no connection for a while. Where there may be another key by now, tries that one instead. */
  refusal(): IronflowError | undefined
  /** Looks again at whether there is anything to carry. */
  update(): void
  /** Tries again now. */
  wake(): void
  /** Asks for another connection: this one is no good for what is to come. */
  reopen(): void
  send(frame: ClientFrame): void
}

interface PendingCall {
  readonly frame: CallFrame
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: unknown) => void
  /** Removes the listener of its signal. */
  readonly release: () => void
}

/** Calls over the client's one WebSocket, side by side with what it watches. */
export class SocketCalls implements CallTransport {
  private readonly pending = new Map<string, PendingCall>()
  private lastId = 0
  private cancelLinger: (() => void) | undefined

  constructor(
    private readonly carrier: CallCarrier,
    private readonly platform: Pick<Platform, 'setTimer'>,
  ) {}

  /** Whether a connection is wanted: for the calls under way, or for the next one. */
  get isWanted(): boolean {
    return this.pending.size > 0 || this.cancelLinger !== undefined
  }

  call<M extends MethodName>({ known: _, ...call }: Call<M>, signal: AbortSignal): Promise<Reply<M>> {
    const { carrier, pending } = this
    return new Promise<Reply<M>>((resolve, reject) => {
      if (signal.aborted) throw signal.reason
      const refusal = carrier.refusal()
      if (refusal) throw refusal
      const id = `${++this.lastId}`
      const release = onAbort(signal, () => this.take(id)?.reject(signal.reason))
      const frame: CallFrame = { type: 'call', id, ...call }
      // Whether there is something to carry is looked at only when this is done.
      if (!this.isWanted) carrier.update()
      pending.set(id, { frame, resolve: resolve as (reply: Reply) => void, reject, release })
      this.stopLingering()
      if (carrier.isOpen) carrier.send(frame)
      else carrier.wake()
    })
  }

  endpoint(): string {
    return this.carrier.endpoint
  }

  close(): void {
    this.down(new IronflowError('the client is closed', 'closed'))
    this.stopLingering()
  }

  /** Sends what waited for a connection. */
  opened(): void {
    for (const { frame } of this.pending.values()) this.carrier.send(frame)
  }

  /** Fails every call under way: the connection is gone, and the server may or may not have made them. */
  down(error: IronflowError): void {
    for (const id of [...this.pending.keys()]) this.take(id)?.reject(error)
  }

  /** Settles the call of a reply. */
  reply({ id, result, revision, epoch, environment, problem }: ReplyFrame): void {
    const call = this.take(id)
    if (!problem) {
      call?.resolve({ result: result as Reply['result'], revision, epoch, environment })
      return
    }
    const error = fromProblem(problem, problem.status)
    // The server will end the connection anyway; but the next attempt is not to fail for the same reason.
    if (error.status === 401) this.carrier.reopen()
    call?.reject(error)
  }

  private take(id: string): PendingCall | undefined {
    const call = this.pending.get(id)
    call?.release()
    if (this.pending.delete(id) && this.pending.size === 0) {
      this.cancelLinger = this.platform.setTimer(() => {
        this.stopLingering()
        this.carrier.update()
      }, LINGER_MS)
    }
    return call
  }

  private stopLingering(): void {
    this.cancelLinger?.()
    this.cancelLinger = undefined
  }
}
