import type { Call, Reply } from '../protocol/call'
import type { MethodName } from '../protocol/methods'

/**
 * How calls reach a server. A transport carries one attempt: it never retries. It throws only `IronflowError`s.
 */
export interface Transport {
  /** Carries one call and answers its reply. Rejects as soon as `signal` aborts. */
  call<M extends MethodName>(call: Call<M>, signal: AbortSignal): Promise<Reply<M>>
  /** Where such a call would go now, for `onError`; never with a query, which may hold a key. */
  endpoint(call: Call): string
  /** Lets go of whatever it holds. Calls under way reject with code `closed`. */
  close(): void
}
