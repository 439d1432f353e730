import type { IronflowError } from '@ironflow/core/errors'
import type { Right } from '../domain/rights'
import type { QueueRoom } from './newest-per-key'
import type { PageLane } from './page-lane'
import type { WatchParts } from './parts'
import type { Sink } from './sink'

/** What a subscription needs from the session it belongs to. */
export interface SubscriptionHost {
  readonly parts: WatchParts
  readonly environment: string
  readonly sink: Sink
  /** In which it reads from the store. */
  readonly lane: PageLane
  /** For changes that wait for the sink. */
  readonly queueRoom: QueueRoom
  /** Returns why its caller has not this right; `undefined`: it has. */
  refusal(right: Right): IronflowError | undefined
  /** It is up to date for the first time, or again. */
  caughtUp(): void
  /** It has ended, for this reason. */
  failed(subscription: { readonly id: string | undefined; readonly name: string }, error: IronflowError): void
}
