import { type IronflowError, toProblem } from '@ironflow/core/errors'
import {
  type CallFrame,
  encodeFrame,
  isMutating,
  methodRow,
  parsePosition,
  type ReplyFrame,
} from '@ironflow/core/protocol'
import type { RawCall } from '../dispatch/call'
import type { ServerCore } from '../server-core'
import { requestIdFrom } from './request-id'
import type { SocketPeer } from './socket-peer'

/** The caller of every call of one WebSocket, as its upgrade request has named it: a call may name another environment. */
export interface SocketCaller {
  readonly keyHash: string | undefined
  readonly environment: string
  readonly remoteAddress: string | undefined
}

/** Bytes that the reply to a write takes at most, about. */
const WRITTEN_BYTES = 1_024

/** Bytes of JSON that a byte of a value may become: a control character in a text is `\u` and four digits. */
const ESCAPED_BYTES = 6

/**
 * The calls of one WebSocket that are under way, bounded in number and in the memory that they and their replies may
 * take. A peer that does not read its replies is no matter here: then no further call is begun.
 */
export class SocketCalls {
  private count = 0
  private bytes = 0

  /** @param onReply called after each reply: there is room for another call */
  constructor(
    private readonly core: ServerCore,
    private readonly caller: SocketCaller,
    private readonly peer: Pick<SocketPeer, 'send'>,
    private readonly onReply: () => void,
  ) {}

  /** Whether no call is under way. */
  get isIdle(): boolean {
    return this.count === 0
  }

  /** Whether there is room for this call. A call that comes alone has room however large its reply may be. */
  hasRoomFor({ frame, bytes }: ReceivedCall): boolean {
    const { callsPerSocket, callBytesPerSocket } = this.core.options.limits
    if (this.isIdle) return true
    return this.count < callsPerSocket && this.bytes + bytes + this.replyBytes(frame) <= callBytesPerSocket
  }

  /** Runs a call as if it had come by HTTP, with every check, and replies. Never rejects. */
  async run({ frame, bytes }: ReceivedCall): Promise<void> {
    const { dispatcher } = this.core
    const { keyHash, environment, remoteAddress } = this.caller
    const requestId = requestIdFrom(frame.requestId)
    const reserved = bytes + this.replyBytes(frame)
    this.count++
    this.bytes += reserved
    const { type: _, id, minPosition, params, ...about } = frame
    const call: RawCall = {
      environment,
      ...about,
      params: params as Readonly<Record<string, unknown>>,
      minPosition: minPosition === undefined ? undefined : parsePosition(minPosition),
      requestId,
    }
    const outcome = await dispatcher.run(call, { keyHash, transport: 'websocket', remoteAddress })
    this.count--
    this.bytes -= reserved
    if (outcome.ok) {
      const { result, position } = outcome.result
      const { revision, epoch } = position ?? {}
      this.reply({ type: 'reply', id, result, revision, epoch, environment: outcome.environment })
    } else {
      this.refuse(id, outcome.error, requestId)
    }
    this.onReply()
  }

  /** Replies to a call that is not run, or has failed. */
  refuse(id: string, error: IronflowError, requestId?: string): void {
    this.reply({ type: 'reply', id, problem: toProblem(error, requestId) })
  }

  private reply(frame: ReplyFrame): void {
    this.peer.send(encodeFrame(frame))
  }

  /**
   * Bytes that the reply to a call takes at most, about: a page of values, one value, or what a write answers. What it
   * will take indeed is known too late: calls that are begun together have their replies together.
   */
  private replyBytes({ method }: CallFrame): number {
    const { pageBytes, maxValueSize } = this.core.options.limits
    const row = methodRow(method)
    if (isMutating(row)) return WRITTEN_BYTES
    const valueBytes = (row.values ? ESCAPED_BYTES : 1) * maxValueSize
    // A page has one item however large that is.
    return row.query?.limit ? Math.max(pageBytes, valueBytes) : valueBytes
  }
}

/** A call, and the bytes of the message that brought it, about. */
export interface ReceivedCall {
  readonly frame: CallFrame
  readonly bytes: number
}
