import type { ConfigDelete, ConfigUpdate, IronflowClient, KvUpdate, Watcher } from '@ironflow/core'
import type { Subscription } from '@ironflow/core/protocol'
import { Client } from '@ironflow/core/runtime'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FakePlatform, settle } from '../../../core/test/fake-platform'
import {
  bucketDefaults,
  createMemoryEngine,
  createServer,
  DEFAULTS,
  type Engine,
  type IronflowServer,
  inProcessTransport,
} from '../../src'
import { CuttableTransport } from './cuttable-transport'
import { GatedEngine } from './gated-engine'
import { expire, just, runStoreStep, type StoreStep, storedState, storeSteps } from './store-steps'
import { SlowReader, UserFold } from './user-fold'

const HEARTBEAT_MS = 15_000
/** Below the silence after which a client gives up a connection, so that it can come back too late for a deletion. */
const RETENTION_MS = 20_000

type Watched = Pick<Subscription, 'kind' | 'target' | 'filters'> & { readonly isSlow?: boolean }

const WATCHES: Readonly<Record<string, Watched>> = {
  all: { kind: 'kv', target: 'b' },
  slow: { kind: 'kv', target: 'b', isSlow: true },
  some: { kind: 'kv', target: 'b', filters: ['a.*', 'b.>', 'a.>'] },
  one: { kind: 'kv', target: 'b', filters: ['a'] },
  absent: { kind: 'kv', target: 'never' },
  document: { kind: 'config', target: 'a' },
  slowDocument: { kind: 'config', target: 'b', isSlow: true },
  events: { kind: 'events', target: 'system.config.>' },
}

interface Store {
  readonly engine: Engine
  readonly gate: GatedEngine
  readonly server: IronflowServer
}

/** A client with watches, and the store that they follow. */
class World {
  readonly platform = new FakePlatform()
  store = this.open()
  readonly transport = new CuttableTransport(inProcessTransport(this.store.server))
  private readonly client: IronflowClient
  private readonly storesBegan = [this.platform.now()]
  private readonly folds = new Map<UserFold, Watched>()
  private readonly readers: Pick<SlowReader<unknown>, 'read'>[] = []

  constructor() {
    this.client = new Client({ transport: this.transport }, this.platform)
    for (const name of Object.keys(WATCHES)) this.watch(name)
  }

  watch(name: string): void {
    const { kind, target, filters, isSlow } = WATCHES[name] as Watched
    const fold = new UserFold(`${name}#${this.folds.size}`, this.storesBegan)
    this.folds.set(fold, WATCHES[name] as Watched)
    const { client } = this
    const follow = <E>(begin: (onUpdate?: (event: E) => void) => Watcher<E>, take: (event: E) => void) => {
      const watcher = begin(isSlow ? undefined : take)
      if (isSlow) this.readers.push(new SlowReader(watcher, take))
    }
    if (kind === 'kv') {
      const key = filters && [...filters]
      follow<KvUpdate>(
        (onUpdate) => client.kv().bucket(target).watch({ onUpdate }, { key }),
        (event) => fold.kv(event),
      )
    } else if (kind === 'config') {
      follow<ConfigUpdate | ConfigDelete>(
        (onUpdate) => client.config().watch(target, { onUpdate, onDelete: onUpdate }),
        (event) => fold.config(event),
      )
    } else {
      client.events().subscribe<{ data?: unknown }>(target, (event) => fold.event(event))
    }
  }

  /** Puts another store in the place of this one, with as many of its values. */
  async replace(kept: number): Promise<void> {
    const { engine, server } = this.store
    this.transport.cut()
    await this.platform.advance(1)
    this.storesBegan.push(this.platform.now())
    this.store = this.open()
    this.transport.to = inProcessTransport(this.store.server)
    const { entries } = await engine.entries('APP_default_b', { limit: kept, values: true })
    for (const { key, value } of entries) if (value) await this.store.engine.put('APP_default_b', key, value)
    await server.close()
    await engine.close()
  }

  /** Lets every connection have its heartbeat. */
  beat(): void {
    for (let passed = 0; passed < HEARTBEAT_MS; passed += 1_000) this.store.server.core.watching.tick()
  }

  read(): boolean {
    return this.readers.map((reader) => reader.read()).includes(true)
  }

  /** Lets everything come to rest. */
  async rest(): Promise<void> {
    for (let round = 0; round < 500; round++) {
      await expire(this.store.engine)
      const hasRead = this.read()
      await this.platform.advance(0)
      const { gate } = this.store
      const isQuiet = gate.isQuiet && this.transport.isQuiet && !hasRead
      if (isQuiet && this.client.status().state === 'live') return
      // What waits for nothing else waits for its next attempt.
      if (isQuiet) await this.platform.advance(1_000)
      gate.tell(100)
      for (let index = 0; index < 100; index++) gate.answer()
      await settle()
      this.transport.deliver(200)
    }
    throw new Error(`it does not come to rest: ${JSON.stringify(this.client.status())}`)
  }

  async expectEqual(): Promise<void> {
    for (const [fold, watched] of this.folds) {
      expect(Object.fromEntries(fold.state), fold.name).toEqual(await storedState(this.store.engine, watched))
      expect(fold.problems, fold.name).toEqual([])
    }
  }

  async close(): Promise<void> {
    await this.client.close()
    await this.store.server.close()
    await this.store.engine.close()
    expect(this.store.server.core.watching.size).toBe(0)
    expect(this.platform.timers.size).toBe(0)
  }

  private open(): Store {
    const engine = createMemoryEngine({
      bucketDefaults: bucketDefaults(),
      tombstoneRetentionMs: RETENTION_MS,
      now: () => this.platform.now(),
    })
    const gate = new GatedEngine(engine)
    const server = createServer({
      engine: gate.facade,
      auth: 'none',
      heartbeatMs: HEARTBEAT_MS,
      limits: { ...DEFAULTS.limits, watchQueueKeys: 3 },
      now: () => this.platform.now(),
    })
    return { engine, gate, server }
  }
}

/** What can happen, as data, so that a counterexample can be read. */
type Step =
  | StoreStep
  | { do: 'wait'; ms: number }
  | { do: 'tell' | 'deliver' | 'answer' | 'cutAfter' | 'replace'; count: number }
  | { do: 'watch'; name: string }
  | { do: 'cut' | 'beat' | 'read' }

async function run(world: World, step: Step): Promise<unknown> {
  const { engine, gate } = world.store
  switch (step.do) {
    case 'wait':
      await world.platform.advance(step.ms)
      return expire(engine)
    case 'answer':
      for (let index = 0; index < step.count; index++) gate.answer()
      return
    case 'tell':
      return gate.tell(step.count)
    case 'deliver':
      return world.transport.deliver(step.count)
    case 'cutAfter':
      return world.transport.cutAfter(step.count)
    case 'cut':
      return world.transport.cut()
    case 'replace':
      return world.replace(step.count)
    case 'watch':
      return world.watch(step.name)
    case 'beat':
      return world.beat()
    case 'read':
      return world.read()
    default:
      return runStoreStep(engine, step)
  }
}

const upTo = (max: number) => fc.integer({ min: 1, max })
const step: fc.Arbitrary<Step> = fc.oneof(
  ...storeSteps,
  {
    weight: 3,
    arbitrary: fc.record({ do: just('wait' as const), ms: fc.constantFrom(500, 1_500, RETENTION_MS + 1, 46_000) }),
  },
  { weight: 6, arbitrary: fc.record({ do: just('tell' as const), count: upTo(5) }) },
  { weight: 12, arbitrary: fc.record({ do: just('answer' as const), count: upTo(8) }) },
  { weight: 10, arbitrary: fc.record({ do: just('deliver' as const), count: upTo(30) }) },
  { weight: 4, arbitrary: fc.record({ do: just('cutAfter' as const), count: upTo(20) }) },
  { weight: 1, arbitrary: fc.record({ do: just('replace' as const), count: upTo(10) }) },
  { weight: 1, arbitrary: fc.record({ do: just('watch' as const), name: fc.constantFrom('all', 'slow', 'document') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cut', 'beat', 'read') }) },
)

test('folding what any watcher is told equals the store (W5, W6, W13)', { timeout: 120_000 }, async () => {
  const seen = { resumed: 0, cutsInSnapshot: 0, resets: {} as Record<string, number> }
  const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 100, size: 'max' }), async (steps) => {
    const world = new World()
    await world.rest()
    for (const each of steps) {
      await run(world, each)
      await world.platform.advance(0)
    }
    await world.rest()
    await world.expectEqual()
    const { resumed, cutsInSnapshot, resets } = world.transport.seen
    seen.resumed += resumed
    seen.cutsInSnapshot += cutsInSnapshot
    for (const [reason, count] of resets) seen.resets[reason] = (seen.resets[reason] ?? 0) + count
    await world.close()
  })
  await fc.assert(property, { numRuns: Number(process.env.FOLD_RUNS ?? 1_000) })
  // What was to be tested did happen.
  expect(seen.resumed).toBeGreaterThan(1_000)
  expect(seen.cutsInSnapshot).toBeGreaterThan(50)
  for (const reason of ['epoch_changed', 'bucket_deleted', 'history_expired']) {
    expect(seen.resets[reason], reason).toBeGreaterThan(50)
  }
})
