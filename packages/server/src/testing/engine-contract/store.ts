import { afterAll, beforeAll } from 'vitest'
import type { BucketConfig } from '../../engine/bucket-config'
import type { Engine, EngineOptions } from '../../engine/engine'

/** An engine that was opened for the contract suite. */
export interface StoreUnderTest {
  engine: Engine
  /** Closes the engine and opens the same store again. Absent where the store ends with its engine. */
  reopen?: (() => Promise<Engine>) | undefined
  /** Opens another engine on the same store, beside the first. Absent where a store is one engine's alone. */
  second?: (() => Promise<Engine>) | undefined
  /** Replaces a bucket by an empty one as another program would, unseen by the engine. Absent where none can. */
  replace?: ((bucket: string) => Promise<void>) | undefined
  /** Lets go of everything that opening made; the engine is closed by then or not. */
  cleanup(): Promise<void>
  /** `real` where time-to-live is kept by a clock the tests cannot turn; they then wait in earnest. */
  clock?: 'injected' | 'real' | undefined
}

/** Opens a new, empty store. */
export type OpenStore = (options: EngineOptions) => Promise<StoreUnderTest>

/** What buckets get in the suite that a put makes. */
export const DEFAULTS: BucketConfig = { history: 5, maxValueSize: 100_000 }

/** One store for the tests of a group; each test takes buckets of its own. */
export class Store {
  #offset = 0
  #turned = 0
  #buckets = 0
  #opened: StoreUnderTest | undefined
  #engine: Engine | undefined

  readonly now = () => Date.now() + this.#offset + this.#turned
  readonly uptime = () => performance.now() + this.#offset

  get engine(): Engine {
    if (!this.#engine) throw new Error('the store is not open')
    return this.#engine
  }

  get canReopen(): boolean {
    return this.#opened?.reopen !== undefined
  }

  /** Whether letting time pass costs none. */
  get canTurnClock(): boolean {
    return this.#opened?.clock !== 'real'
  }

  async open(open: OpenStore, options: Partial<EngineOptions>): Promise<this> {
    this.#opened = await open({ bucketDefaults: DEFAULTS, now: this.now, uptime: this.uptime, ...options })
    this.#engine = this.#opened.engine
    return this
  }

  async reopen(): Promise<void> {
    this.#engine = await this.#opened?.reopen?.()
  }

  /** Another engine on the same store, for the caller to close; undefined where there can be none. */
  async second(): Promise<Engine | undefined> {
    return this.#opened?.second?.()
  }

  /** Whether another program can replace a bucket. */
  get canReplace(): boolean {
    return this.#opened?.replace !== undefined
  }

  async replace(bucket: string): Promise<void> {
    await this.#opened?.replace?.(bucket)
  }

  async cleanup(): Promise<void> {
    await this.#opened?.cleanup()
  }

  /** A name no other test of the group has. */
  freshName(): string {
    return `APP_test_bucket-${++this.#buckets}`
  }

  /** A bucket no other test of the group has. */
  async bucket(config: Partial<BucketConfig> = {}): Promise<string> {
    const name = this.freshName()
    await this.engine.createBucket(name, { ...DEFAULTS, ...config })
    return name
  }

  /** Lets time pass. */
  async advance(ms: number): Promise<void> {
    if (this.#opened?.clock === 'real') await new Promise((resolve) => setTimeout(resolve, ms))
    else this.#offset += ms
  }

  /** Sets the wall clock to another time, while none passes. */
  turnClock(ms: number): void {
    this.#turned += ms
  }
}

/** A store that is open while the tests around the call run. */
export function useStore(open: OpenStore, options: Partial<EngineOptions> = {}): Store {
  const store = new Store()
  beforeAll(async () => {
    await store.open(open, options)
  })
  afterAll(() => store.cleanup())
  return store
}

/** A store for one test, which may close it. */
export async function withStore(
  open: OpenStore,
  test: (store: Store) => Promise<void>,
  options: Partial<EngineOptions> = {},
): Promise<void> {
  const store = await new Store().open(open, options)
  try {
    await test(store)
  } finally {
    await store.cleanup()
  }
}
