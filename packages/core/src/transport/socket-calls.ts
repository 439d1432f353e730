import { IronflowError } from '../errors/ironflow-error'
import { fromProblem } from '../errors/problem'
import type { Platform } from '../platform'
import type { Call, Reply } from '../protocol/call'
import type { CallFrame, ClientFrame, ReplyFrame } from '../protocol/frames'
import type { MethodName } from '../protocol/methods'
import type { Caller } from './transport'

/** How long a socket stays open after its last call, in milliseconds: for the next one. */
const LINGER_MS = 10_000

/** The connection that carries the calls, whoever owns it. */
export interface CallCarrier {
  readonly isOpen: boolean
  /** Why there will be no connection for a while. */
  readonly refusal: IronflowError | undefined
  /** Tries another key, where there may be one by now. Answers whether it does. */
  askForKey(): boolean
  /** Asks for a connection until the answer is called. */
  hold(): () => void
  /** There is reason to try again now. */
  wake(): void
  /** The key of this connection is no good any more. */
  reopen(): void
  send(frame: ClientFrame): void
}

interface PendingCall {
  readonly frame: CallFrame
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: unknown) => void
}

/** Calls over the client's one socket, side by side with what it watches. */
export class SocketCalls implements Caller {
  private readonly pending = new Map<string, PendingCall>()
  private lastId = 0
  private release: (() => void) | undefined
  private cancelLinger: (() => void) | undefined

  constructor(
    private readonly carrier: CallCarrier,
    readonly endpoint: () => string,
    private readonly platform: Pick<Platform, 'setTimer'>,
  ) {}

  call<M extends MethodName>({ environment: _, ...call }: Call<M>, signal: AbortSignal): Promise<Reply<M>> {
    const { carrier, pending } = this
    return new Promise<Reply<M>>((resolve, reject) => {
      if (signal.aborted) throw signal.reason
      const { refusal } = carrier
      if (refusal && !carrier.askForKey()) throw refusal
      const id = `${++this.lastId}`
      const onAbort = () => this.take(id)?.reject(signal.reason)
      const done =
        <T>(settle: (outcome: T) => void) =>
        (outcome: T) => {
          signal.removeEventListener('abort', onAbort)
          settle(outcome)
        }
      signal.addEventListener('abort', onAbort)
      const frame: CallFrame = { type: 'call', id, ...call }
      pending.set(id, { frame, resolve: done(resolve as (reply: Reply) => void), reject: done(reject) })
      this.hold()
      if (carrier.isOpen) carrier.send(frame)
      else carrier.wake()
    })
  }

  close(): void {
    this.down(new IronflowError('the client is closed', 'closed'))
    this.cancelLinger?.()
    this.release?.()
    this.cancelLinger = this.release = undefined
  }

  /** There is a connection: what waited for it is sent. */
  opened(): void {
    for (const { frame } of this.pending.values()) this.carrier.send(frame)
  }

  /** There is none any more: whether a call was made nobody knows. */
  down(error: IronflowError): void {
    for (const id of [...this.pending.keys()]) this.take(id)?.reject(error)
  }

  reply({ id, result, revision, problem }: ReplyFrame): void {
    const call = this.take(id)
    if (!problem) {
      call?.resolve({ result: result as Reply['result'], revision })
      return
    }
    const error = fromProblem(problem, problem.status)
    // The server will end the connection anyway; but the next attempt is not to fail for the same reason.
    if (error.status === 401) this.carrier.reopen()
    call?.reject(error)
  }

  private take(id: string): PendingCall | undefined {
    const call = this.pending.get(id)
    if (this.pending.delete(id) && this.pending.size === 0) this.linger()
    return call
  }

  private hold(): void {
    this.cancelLinger?.()
    this.cancelLinger = undefined
    this.release ??= this.carrier.hold()
  }

  private linger(): void {
    this.cancelLinger?.()
    this.cancelLinger = this.platform.setTimer(() => {
      this.release?.()
      this.release = undefined
    }, LINGER_MS)
  }
}
