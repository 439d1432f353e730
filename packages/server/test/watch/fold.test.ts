import { isIronflowError } from '@ironflow/core/errors'
import type { ServerFrame, Subscription } from '@ironflow/core/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketDefaults, createMemoryEngine, DEFAULTS, type Engine, type EngineOptions } from '../../src'
import { ANYBODY } from '../../src/domain/principal'
import { WatchStats } from '../../src/observe/watch-stats'
import { Turns } from '../../src/turns'
import { Hub } from '../../src/watch/hub'
import { Session } from '../../src/watch/session'
import type { Sink } from '../../src/watch/sink'
import { LivesEngine } from '../support/lives-engine'
import { FoldingClient } from './folding-client'
import { GatedEngine } from './gated-engine'
import { BUCKET, expire, just, runStoreStep, type StoreStep, storedState, storeSteps } from './store-steps'

/** Messages on their way to a client, who reads when the test lets it. */
class Wire implements Sink {
  readonly transport = 'in-process'
  readonly sent: string[] = []

  constructor(private readonly size: number) {}

  get ready(): boolean {
    return this.sent.length < this.size
  }

  send(_: string, text: string): void {
    this.sent.push(text)
  }

  settled(): void {}
  end(): void {}
}

const RETENTION_MS = 60_000

const SUBSCRIPTIONS: Subscription[] = [
  { id: 'all', kind: 'kv', target: 'b' },
  { id: 'some', kind: 'kv', target: 'b', filters: ['a.*', 'b.>', 'a.>'] },
  { id: 'one', kind: 'kv', target: 'b', filters: ['a'] },
  { id: 'absent', kind: 'kv', target: 'never' },
  { id: 'document', kind: 'config', target: 'a' },
]

/** A store, a server's session on it, and a client that folds what it is told. */
class World {
  now = 1_700_000_000_000
  readonly engine: Engine
  readonly gate: GatedEngine
  readonly hub: Hub
  readonly turns = new Turns()
  readonly stats = new WatchStats()
  readonly clients = SUBSCRIPTIONS.map(({ id }) => new FoldingClient(id))
  private wire = new Wire(5)
  private session: Session

  constructor(make: (options: EngineOptions) => Engine) {
    const now = () => this.now
    this.engine = make({ bucketDefaults: bucketDefaults(), tombstoneRetentionMs: RETENTION_MS, now })
    this.gate = new GatedEngine(this.engine)
    this.hub = new Hub(this.gate.facade)
    this.session = this.connect()
  }

  connect(): Session {
    this.wire = new Wire(5)
    const limits = { ...DEFAULTS.limits, watchQueueKeys: 3 }
    const parts = {
      engine: this.gate.facade,
      hub: this.hub,
      turns: this.turns,
      limits,
      stats: this.stats,
      heartbeatMs: 1,
      now: () => this.now,
    }
    const owner = { environment: 'default', principal: ANYBODY, keyHash: undefined, sink: this.wire }
    this.session = new Session(parts, owner, () => {})
    for (const [index, client] of this.clients.entries()) {
      client.connect()
      this.session.subscribe({ ...(SUBSCRIPTIONS[index] as Subscription), cursor: client.cursor })
    }
    return this.session
  }

  /** What was on its way is lost. */
  cut(): void {
    this.session.end()
    this.connect()
  }

  read(count: number): void {
    for (const text of this.wire.sent.splice(0, count)) {
      const frame = JSON.parse(text) as ServerFrame
      for (const client of this.clients) client.take(frame)
    }
    if (this.wire.ready) this.session.drained()
  }

  beat(): void {
    this.session.beat()
  }

  /** Lets everything come to rest. */
  async rest(): Promise<void> {
    // Events may be reported late, so it is at rest only if nothing comes for some turns.
    for (let round = 0, quiet = 0; round < 2_000; round++) {
      await new Promise((resolve) => setImmediate(resolve))
      const isQuiet = this.gate.isQuiet && this.wire.sent.length === 0
      quiet = isQuiet && this.clients.every(({ isSynced }) => isSynced) ? quiet + 1 : 0
      if (quiet > 5) return
      this.gate.tell(100)
      this.gate.answer()
      this.read(100)
    }
    throw new Error('it does not come to rest')
  }

  async expectEqual(): Promise<void> {
    for (const client of this.clients) {
      const subscription = SUBSCRIPTIONS.find(({ id }) => id === client.id) as Subscription
      const wanted = await storedState(this.engine, subscription)
      expect(Object.fromEntries(client.state), client.id).toEqual(wanted)
    }
  }

  close(): void {
    this.session.end()
    expect(this.hub.size).toBe(0)
    void this.engine.close()
  }
}

/** What can happen, as data, so that a counterexample can be read. */
type Step =
  | StoreStep
  | { do: 'wait'; ms: number }
  | { do: 'tell' | 'read'; count: number }
  | { do: 'answer' | 'cut' | 'beat' | 'replace' }

async function run(world: World, step: Step): Promise<unknown> {
  const { engine, gate } = world
  switch (step.do) {
    case 'wait':
      world.now += step.ms
      return expire(engine)
    case 'answer':
      return gate.answer()
    case 'tell':
      return gate.tell(step.count)
    case 'read':
      return world.read(step.count)
    case 'cut':
      return world.cut()
    case 'beat':
      return world.beat()
    case 'replace':
      // Behind the server's back: the engine notices a little later.
      if (engine instanceof LivesEngine) engine.replace(BUCKET).catch(unlessClosed)
      return undefined
    default:
      return runStoreStep(engine, step)
  }
}

/** A test may be over before the engine has noticed what happened to it. */
function unlessClosed(error: unknown): void {
  if (!isIronflowError(error) || error.code !== 'closed') throw error
}

const step: fc.Arbitrary<Step> = fc.oneof(
  ...storeSteps,
  {
    weight: 2,
    arbitrary: fc.record({ do: just('wait' as const), ms: fc.constantFrom(500, 1_500, 31_000, RETENTION_MS + 1) }),
  },
  { weight: 6, arbitrary: fc.record({ do: just('tell' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 8, arbitrary: fc.record({ do: just('read' as const), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 10, arbitrary: just({ do: 'answer' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cut', 'cut', 'beat') }) },
  { weight: 1, arbitrary: just({ do: 'replace' as const }) },
)

const ENGINES: Record<string, (options: EngineOptions) => Engine> = {
  'one counter for all buckets': createMemoryEngine,
  'a counter of its own for each life of a bucket': (options) => new LivesEngine(options),
}

test.each(Object.keys(ENGINES))(
  'folding the events of any watcher equals the store: %s (W6, W16)',
  { timeout: 240_000 },
  async (name) => {
    const make = ENGINES[name] as (options: EngineOptions) => Engine
    const seen = { resets: 0, dropped: 0, resumes: 0 }
    const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }), async (steps) => {
      const world = new World(make)
      for (const each of steps) {
        await run(world, each)
        await new Promise((resolve) => setImmediate(resolve))
      }
      await world.rest()
      await world.expectEqual()
      for (const count of world.stats.resets.values()) seen.resets += count
      seen.dropped += world.stats.dropped
      seen.resumes += world.stats.resumes
      world.close()
    })
    await fc.assert(property, { numRuns: Number(process.env.FOLD_RUNS ?? 1_000) })
    // What was to be tested did happen.
    expect(seen.resets).toBeGreaterThan(100)
    expect(seen.dropped).toBeGreaterThan(100)
    expect(seen.resumes).toBeGreaterThan(100)
  },
)
