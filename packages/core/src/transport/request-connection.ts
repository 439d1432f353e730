import { errorFor, type ValidationError } from '../errors/kinds'
import type { HttpResponse } from '../platform'
import type { ServerFrame, Subscription } from '../protocol/frames'
import { HEADERS } from '../protocol/headers'
import { stringify } from '../protocol/json'
import { LinkConnection } from './connection'
import { HeartbeatMonitor } from './heartbeat-monitor'
import { responseError } from './response-error'

/** Characters of a body above which several subscriptions are not sent together: a server takes 1 MiB by default. */
const MAX_BODY_LENGTH = 1_048_576

/** Members and elements of a body above which they are not, either: what a server takes by default. */
const MAX_BODY_ITEMS = 10_000

/** Handles the messages of one request. */
export type FrameHandler = (frame: ServerFrame | undefined) => void

/**
 * A session over HTTP. Subscriptions that are too large for one request are carried by several at once, whose messages
 * become one session's. They end together: the connection is over when one of them fails or goes silent.
 */
export abstract class RequestConnection extends LinkConnection {
  /**
   * Carries those subscriptions with as many requests as it takes. One that the server refuses ends, and the others go on.
   *
   * @param follow carries some of them with one request, or with one after the other, until it fails
   */
  protected async carry(
    wanted: readonly Subscription[],
    signal: AbortSignal,
    follow: (wanted: readonly Subscription[], onFrame: FrameHandler) => Promise<void>,
  ): Promise<void> {
    if (wanted.length === 0) return
    let parts: Array<readonly Subscription[]>
    const heartbeats = new HeartbeatMonitor(this.link.platform, (end) => this.end(end))
    heartbeats.start()
    try {
      await follow(wanted, (frame) => {
        heartbeats.touch()
        if (frame?.type === 'welcome') heartbeats.start(frame.heartbeatMs)
        this.receive(frame)
      })
      return
    } catch (thrown) {
      if (signal.aborted) throw thrown
      parts = this.partsAfter(thrown, wanted)
    } finally {
      heartbeats.stop()
    }
    await Promise.all(parts.map((part) => this.carry(part, signal, follow)))
  }

  /** Sends one request. Rejects with the `IronflowError` that says why nothing is followed: see `Link.failure`. */
  protected async ask(
    subscriptions: readonly Subscription[],
    accept: string,
    query: string,
    key: string | undefined,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { link, server, session } = this
    const { environment } = session
    const headers = {
      [HEADERS.contentType]: 'application/json',
      ...(environment === undefined ? undefined : { [HEADERS.environment]: environment }),
      accept,
    }
    const body = stringify({ subscriptions })
    const isTooLarge = body.length > MAX_BODY_LENGTH || itemsOf(subscriptions) > MAX_BODY_ITEMS
    // One alone is sent however large it is: what a server takes only the server knows.
    if (isTooLarge && subscriptions.length > 1) throw errorFor('payload_too_large', '')
    const request = { verb: 'POST', target: `/api/v1/watch${query}`, headers, body } as const
    const response = await link.send(server, request, key, signal)
    if (response.ok) return response
    throw link.refusal(responseError(response, await response.text(), link.platform.now()), key, server)
  }

  /** Returns what is to be asked for instead: halves of too much, or what is left when some were refused by name. */
  private partsAfter(thrown: unknown, wanted: readonly Subscription[]): Array<readonly Subscription[]> {
    const error = this.link.failure(thrown, this.server)
    const places = Object.keys((error as Partial<ValidationError>).fields ?? {})
    // A body is refused as a whole for its bytes, or for the number of its members and elements.
    const isTooLarge = error.status === 413 || (error.status === 400 && places.includes('body'))
    const half = wanted.length >> 1
    if (isTooLarge && half > 0) return [wanted.slice(0, half), wanted.slice(half)]
    const rest = wanted.filter(({ id }, n) => {
      const isRefused = isTooLarge || places.some((place) => place.startsWith(`subscriptions.${n}.`))
      if (isRefused) this.refuse(id, error)
      return !isRefused
    })
    if (rest.length === wanted.length) throw error
    return [rest]
  }
}

/** The members and elements of the body with these subscriptions, as a server counts them. */
function itemsOf(subscriptions: readonly Subscription[]): number {
  const counts = subscriptions.map((subscription) => {
    const members = Object.values(subscription).filter((member) => member !== undefined)
    return 1 + members.length + (subscription.filters?.length ?? 0)
  })
  return counts.reduce((sum, count) => sum + count, 1)
}
