import { UnauthenticatedError } from '../errors/kinds'

/** The API key as the transports need it: known, or asked for, or known to be wrong and asked for again. */
export class Credentials {
  private current: Promise<string> | string | undefined

  constructor(private readonly source: string | (() => string | Promise<string>) | undefined) {
    this.current = typeof source === 'string' ? source : undefined
  }

  /**
   * The key; a promise of it where a function has to be asked (once for all who wait); `undefined` where there is none.
   *
   * @throws UnauthenticatedError where that function throws, with what it threw as the cause
   */
  key(): Promise<string> | string | undefined {
    if (this.current === undefined && typeof this.source === 'function') {
      const asked = this.ask(this.source)
      this.current = asked
      // A function that failed is asked again by the next call.
      asked.then(
        (key) => this.replace(asked, key),
        () => this.replace(asked, undefined),
      )
    }
    return this.current
  }

  /** Forgets a key that was refused, so that the next use asks again. Answers whether there is anybody to ask. */
  renew(): boolean {
    if (typeof this.source !== 'function') return false
    if (typeof this.current === 'string') this.current = undefined
    return true
  }

  private async ask(source: () => string | Promise<string>): Promise<string> {
    try {
      return await source()
    } catch (error) {
      throw new UnauthenticatedError('the apiKey function failed', 'unauthenticated', { cause: error })
    }
  }

  private replace(asked: Promise<string>, key: string | undefined): void {
    if (this.current === asked) this.current = key
  }
}
