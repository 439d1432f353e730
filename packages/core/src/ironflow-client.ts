import type { AdminApi } from './surfaces/admin'
import type { ConfigApi, TypedConfigApi } from './surfaces/config-api'
import type { EventsApi } from './surfaces/events'
import type { KvApi, TypedKvApi } from './surfaces/kv-api'
import type { Schema } from './surfaces/schema'
import type { ClientStatus } from './watch/status'

/**
 * One server, seen through one key. `createClient` makes it.
 *
 * @typeParam S types of its documents and buckets, by name; without them each read names its own
 */
export interface IronflowClient<S extends Schema = Schema> extends AsyncDisposable {
  /** Config documents. */
  config(): S extends { configs: infer C } ? TypedConfigApi<C> : ConfigApi

  /** The key-value store. */
  kv(): S extends { buckets: infer B } ? TypedKvApi<B> : KvApi

  /** Events of the server. */
  events(): EventsApi

  /** Methods for administrators. */
  admin(): AdminApi

  /** Returns the status of all that this client watches: its transport, since when it is in sync, and why not. */
  status(): ClientStatus

  /**
   * Calls `listener` whenever that status changes, until the returned function is called. What a listener throws is
   * reported to `onError`.
   */
  subscribeStatus(listener: (status: ClientStatus) => unknown): () => void

  /**
   * Ends every watch, the calls under way, and whatever comes later, with code `closed`: nothing is left that keeps a
   * program running. A second call is a no-op.
   */
  close(): Promise<void>

  /** `await using client = createClient()` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void>
}
