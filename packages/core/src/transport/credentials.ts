import { untilAborted } from '../async/abort'
import { hasTimedOut } from '../async/deadline'
import { UnauthenticatedError } from '../errors/kinds'

/** The API key as the transports need it: known, or asked for, or known to be wrong and asked for again. */
export class Credentials {
  private readonly source: (() => string | Promise<string>) | undefined
  private current: Promise<string> | string | undefined
  private newest: string | undefined

  /** @param onNewKey called when a function has brought another key than before */
  constructor(
    apiKey: string | (() => string | Promise<string>) | undefined,
    private readonly onNewKey: () => void,
  ) {
    if (typeof apiKey === 'function') this.source = apiKey
    else this.current = apiKey
  }

  /**
   * The key; a promise of it where a function has to be asked (once for all calls that wait); `undefined` where there is none.
   *
   * @throws UnauthenticatedError where that function fails, with what it threw as the cause
   */
  key(signal: AbortSignal): Promise<string> | string | undefined {
    if (this.current === undefined && this.source) {
      const asked = ask(this.source)
      this.current = asked
      asked.then(
        (key) => {
          // Also when it was given up meanwhile: a late key is still a key.
          if (typeof this.current !== 'string') this.current = key
          if (this.newest === key) return
          this.newest = key
          this.onNewKey()
        },
        // A function that failed is asked again by the next call.
        () => this.refused(asked),
      )
    }
    return this.current instanceof Promise ? this.wait(this.current, signal) : this.current
  }

  /** As {@link key}, but a function is asked in any case: for a connection, which may live as long as several keys. */
  renew(signal: AbortSignal): Promise<string> | string | undefined {
    if (typeof this.current === 'string') this.refused(this.current)
    return this.key(signal)
  }

  /** Forgets a key that is no good, or that does not come, unless another call has brought a newer one. */
  refused(key: Promise<string> | string | undefined): void {
    if (this.source && this.current === key) this.current = undefined
  }

  /** Whether a function was asked, and has not returned yet. */
  get isAsking(): boolean {
    return this.current instanceof Promise
  }

  /** Returns whether there is a function to ask for another key. */
  canRenew(): boolean {
    return this.source !== undefined
  }

  private async wait(asked: Promise<string>, signal: AbortSignal): Promise<string> {
    try {
      return await untilAborted(asked, signal)
    } catch (error) {
      if (!signal.aborted) {
        // Made for each who waited: an error says in which call it came up.
        throw new UnauthenticatedError('the apiKey function failed', 'unauthenticated', {
          status: undefined,
          cause: error,
        })
      }
      // Without this, a function that hung once would hang every later call.
      if (hasTimedOut(signal)) this.refused(asked)
      throw signal.reason
    }
  }
}

/** What a key must be, for errors, which never say what was given. */
export const API_KEY_RULE = 'must be visible ASCII without blanks and "Bearer "'

/** Visible ASCII: anything else the runtime refuses to put into a header, with a message that has the key in it. */
export function isApiKey(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)
}

async function ask(source: () => string | Promise<string>): Promise<string> {
  const key: unknown = await source()
  if (!isApiKey(key)) throw new TypeError(`it returned no key: one ${API_KEY_RULE}`)
  return key
}
