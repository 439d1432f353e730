import type { Problem } from '../errors/problem'
import type { MethodName } from './methods'
import type { Encoding, Operation } from './value'

/**
 * What travels while something is watched: the same messages on WebSocket, SSE and long poll. Every message has `type`.
 *
 * Of each subscription, in this order: its current values (`initial`; none with `updatesOnly` or a good cursor), then
 * `synced`, then what changes. `reset` says that a cursor was of no use; values and `synced` follow again.
 */

/** Version of this protocol, in `welcome` and in the WebSocket subprotocol. */
export const PROTOCOL_VERSION = 1

/** The WebSocket subprotocol; the key travels beside it as `bearer.<base64url of the key>`. */
export const SUBPROTOCOL = 'ironflow.v1'

/** What a subscription is about: one document, the keys of one bucket, or the events that fit a pattern. */
export type SubscriptionKind = keyof WatchFrames

/** One thing a client wants to follow. */
export interface Subscription {
  /** Chosen by the client; names the subscription in every message about it. */
  readonly id: string
  readonly kind: SubscriptionKind
  /** Document, bucket or event pattern (`system.config.*.updated`). */
  readonly target: string
  /** Of a bucket, the keys that fit any of these; absent: all. */
  readonly filters?: readonly string[] | undefined
  /** Where to go on; absent: current values first. */
  readonly cursor?: string | undefined
  /** Without the current values: only what changes from now on. */
  readonly updatesOnly?: boolean | undefined
}

/** Why a cursor is of no use. */
export type ResetReason = 'epoch_changed' | 'ahead_of_store' | 'history_expired' | 'bucket_deleted'

interface OfSubscription {
  /** The subscription's id; absent on a route that watches one thing. */
  sub?: string | undefined
}

interface OfChange extends OfSubscription {
  /** Where a watcher is once it has this message; absent while current values are still coming. */
  cursor?: string | undefined
  revision: number
  /** Identity of the life of the bucket that the revision belongs to. */
  epoch: string
  /** A value that was there already, not a change. */
  initial?: boolean | undefined
}

export interface ConfigUpdateFrame extends OfChange {
  type: 'config_update'
  name: string
  data: unknown
  updatedAt: string
}

export interface ConfigDeleteFrame extends OfChange {
  type: 'config_delete'
  name: string
  updatedAt: string
}

export interface KvUpdateFrame extends OfChange {
  type: 'kv_update'
  bucket: string
  key: string
  /** Absent where the operation left none. */
  value?: unknown
  encoding?: Encoding | undefined
  operation: Operation
  createdAt: string
}

export interface EventFrame extends OfChange {
  type: 'event'
  topic: string
  data: unknown
  createdAt: string
}

/** The frames that tell of changes, by kind of watch. */
export interface WatchFrames {
  config: ConfigUpdateFrame | ConfigDeleteFrame
  kv: KvUpdateFrame
  events: EventFrame
}

/** A frame that tells what a watched thing is now. */
export type ChangeFrame = WatchFrames[SubscriptionKind]

/** Everything up to here has been sent: the watcher equals the store as of the cursor. */
export interface SyncedFrame extends OfSubscription {
  type: 'synced'
  cursor: string
}

/** The cursor was of no use: forget what you have; current values and `synced` follow. */
export interface ResetFrame extends OfSubscription {
  type: 'reset'
  reason: ResetReason
}

/** The messages about one subscription. */
export type WatchFrame =
  | ChangeFrame
  | SyncedFrame
  | ResetFrame
  /** With `sub`: that subscription has ended. Without: the connection has. */
  | {
      type: 'error'
      sub?: string | undefined
      code: string
      detail: string
      fields?: Record<string, string> | undefined
    }

/** Nothing new, but alive; and a bookmark: up to these cursors, by subscription id, everything matching has been sent. */
export interface HeartbeatFrame {
  type: 'heartbeat'
  cursors: Record<string, string>
}

/** The server is about to go: come back, or go elsewhere, after that long. */
export interface GoodbyeFrame {
  type: 'goodbye'
  retryAfterMs: number
}

/** The first message of a connection. */
export interface WelcomeFrame {
  type: 'welcome'
  protocol: number
  features: string[]
  environment: string
  /** Silence for three of these is a fault. */
  heartbeatMs: number
  /** RFC 3339. */
  serverTime: string
}

/** The answer to a `call` message: a result, or what went wrong. */
export interface ReplyFrame {
  type: 'reply'
  id: string
  result?: unknown
  revision?: number | undefined
  /** The life of the bucket that the revision belongs to. */
  epoch?: string | undefined
  /** The environment that the server took. */
  environment?: string | undefined
  problem?: Problem | undefined
}

/** Everything a server sends on a watch connection. */
export type ServerFrame = WelcomeFrame | WatchFrame | HeartbeatFrame | GoodbyeFrame | ReplyFrame

export type SubscribeFrame = Subscription & { type: 'subscribe' }

export interface UnsubscribeFrame {
  type: 'unsubscribe'
  id: string
}

/** A call of any method over the socket; what HTTP carries in headers are members here. */
export interface CallFrame {
  type: 'call'
  id: string
  method: MethodName
  params: unknown
  requestId: string
  /** Absent: the connection's. */
  environment?: string | undefined
  idempotencyKey?: string | undefined
  minPosition?: string | undefined
  consistency?: 'strong' | undefined
  traceparent?: string | undefined
}

/** Everything a client sends on a WebSocket. */
export type ClientFrame = SubscribeFrame | UnsubscribeFrame | CallFrame

/** The answer of a long poll: what happened, and where each subscription is now. */
export interface PollReply {
  frames: ServerFrame[]
  cursors: Record<string, string>
}

/** The body of `POST /api/v1/watch`. */
export interface WatchRequest {
  subscriptions: Subscription[]
}
