import type { ConfigDelete, ConfigUpdate, KvUpdate, SystemEvent, Watcher } from '@ironflow/core'

interface Told {
  key: string
  revision: number
  at: string
  initial: boolean
}

/** What a user makes of a watch's events: a put sets, anything else removes. */
export class UserFold {
  readonly state = new Map<string, { revision: number; value: unknown }>()
  /** By key, what was told last, and of which store. */
  private readonly newest = new Map<string, { store: number; revision: number }>()
  /** What no watch may tell. Not thrown: what a callback throws is only told to `onError`. */
  readonly problems: string[] = []

  /** @param storesBegan when each of the stores began that there were so far, epoch milliseconds */
  constructor(
    readonly name: string,
    private readonly storesBegan: readonly number[],
  ) {}

  kv({ key, operation, data, value, revision, createdAt: at, initial }: KvUpdate): void {
    const text = operation === 'put' ? JSON.stringify(data) : ''
    if (value !== text) this.problems.push(`${operation} of ${key} has ${value} and ${text}`)
    this.take({ key, revision, at, initial }, operation === 'put' ? { value: data } : undefined)
  }

  config(event: ConfigUpdate | ConfigDelete): void {
    const content = event.type === 'config_update' ? { value: event.data } : undefined
    const { name: key, revision, updatedAt: at, initial } = event
    this.take({ key, revision, at, initial }, content)
  }

  event({ topic, data, revision, createdAt: at, initial }: SystemEvent<{ data?: unknown }>): void {
    const [, key = '', what] = /^system\.config\.(.+)\.(updated|deleted)$/.exec(topic) ?? []
    this.take({ key, revision, at, initial }, what === 'updated' ? { value: data.data } : undefined)
  }

  private take({ key, revision, at, initial }: Told, content: { value: unknown } | undefined): void {
    const time = Date.parse(at)
    const store = this.storesBegan.filter((began) => began <= time).length
    const before = this.newest.get(key) ?? { store, revision: -1 }
    const isSameStore = before.store === store
    if (isSameStore && revision <= before.revision) {
      this.problems.push(`${key} is told at ${revision} after ${before.revision}`)
    }
    // That a key of another store is not in this one is told at a revision of neither.
    if (isSameStore || content || !initial) this.newest.set(key, { store, revision })
    if (content) this.state.set(key, { revision, ...content })
    else this.state.delete(key)
  }
}

/** Reads a watch's events one by one, when the test says so. */
export class SlowReader<E> {
  private readonly iterator: AsyncIterator<E, undefined>
  private isReading = false

  constructor(
    watcher: Watcher<E>,
    private readonly take: (event: E) => void,
  ) {
    this.iterator = watcher[Symbol.asyncIterator]()
  }

  /** Reads the next event, as soon as there is one. Answers whether it was not reading already. */
  read(): boolean {
    if (this.isReading) return false
    this.isReading = true
    void this.iterator.next().then(({ done, value }) => {
      this.isReading = false
      if (!done) this.take(value)
    })
    return true
  }
}
