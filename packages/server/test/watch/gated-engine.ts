import type { Engine, EngineEvent, Following } from '../../src/engine/engine'
import type { ChangesPage, ChangesQuery, EntriesPage, EntriesQuery } from '../../src/engine/queries'

/**
 * An engine whose answers and events come when a test lets them: what was read may be old when it arrives, and what
 * happened may be told after it could be read, as with a store that commits in another thread.
 */
export class GatedEngine implements Pick<Engine, 'entries' | 'changesSince' | 'follow' | 'bucketInfo'> {
  private readonly reads: (() => void)[] = []
  private readonly events: (() => void)[] = []

  constructor(private readonly engine: Engine) {}

  /** The engine as the server sees it. */
  get facade(): Engine {
    const gated: Partial<Engine> = {
      entries: (bucket, query) => this.entries(bucket, query),
      changesSince: (bucket, query) => this.changesSince(bucket, query),
      follow: (bucket, listener) => this.follow(bucket, listener),
      bucketInfo: (bucket) => this.bucketInfo(bucket),
    }
    return new Proxy(this.engine, {
      get: (engine, name: keyof Engine) => {
        const own = gated[name]
        if (own) return own
        const value = engine[name]
        return typeof value === 'function' ? value.bind(engine) : value
      },
    })
  }

  get isQuiet(): boolean {
    return this.reads.length === 0 && this.events.length === 0
  }

  /** Lets the oldest answer arrive. */
  answer(): void {
    this.reads.shift()?.()
  }

  /** Tells the oldest events. */
  tell(count: number): void {
    for (const tell of this.events.splice(0, count)) tell()
  }

  entries(bucket: string, query: EntriesQuery): Promise<EntriesPage> {
    return this.later(this.engine.entries(bucket, query))
  }

  changesSince(bucket: string, query: ChangesQuery): Promise<ChangesPage> {
    return this.later(this.engine.changesSince(bucket, query))
  }

  bucketInfo(bucket: string) {
    return this.later(this.engine.bucketInfo(bucket))
  }

  follow(bucket: string, listener: (event: EngineEvent) => void): Following {
    let isFollowing = true
    const { started, stop } = this.engine.follow(bucket, (event) => {
      this.events.push(() => {
        if (isFollowing) listener(event)
      })
    })
    return {
      started,
      stop() {
        isFollowing = false
        stop()
      },
    }
  }

  private async later<T>(answer: Promise<T>): Promise<T> {
    const value = await answer
    await new Promise<void>((resolve) => this.reads.push(resolve))
    return value
  }
}
