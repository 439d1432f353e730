import type { Position } from '@ironflow/core/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Entry } from '../../engine/entry'
import { NO_BUCKET } from '../../engine/queries'
import { ModelBucket } from './model'
import { eventually, type Recording, record } from './recording'
import { DEFAULTS, type OpenStore, type Store, useStore } from './store'
import { changesAfter, listAll, read, show, text } from './values'

const KEYS = ['a', 'b.c', '😀'] as const

/** What a write expects of its key's revision. */
type Expectation = 'nothing' | 'zero' | 'current' | 'other'

type Step =
  | { do: 'put'; key: string; value: string; expected: Expectation; ttlMs?: number | undefined }
  | { do: 'delete' | 'purge'; key: string; expected: Expectation }
  | { do: 'create'; history: number; ttlMs?: number | undefined }
  | { do: 'update'; history: number }
  | { do: 'deleteBucket' }
  | { do: 'wait'; ms: number }

const key = fc.constantFrom(...KEYS)
const expected = fc.constantFrom<Expectation>('nothing', 'nothing', 'zero', 'current', 'other')
const history = fc.integer({ min: 1, max: 4 })
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('put' as const),
        key,
        value: fc.string({ maxLength: 4 }),
        expected,
        ttlMs: fc.option(fc.constantFrom(1_000, 3_000), { nil: undefined, freq: 3 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'purge' as const), key, expected }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('create' as const),
        history,
        ttlMs: fc.option(fc.constant(2_000), { nil: undefined, freq: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('update' as const), history }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteBucket' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(500, 1_100) }) },
  ),
  { minLength: 1, maxLength: 40 },
)

/** A bucket of the engine and the model of it, taken through the same steps. */
class Pair {
  model: ModelBucket | undefined
  /** The newest commit of the bucket's present life. */
  #newest: Position | undefined

  constructor(
    readonly store: Store,
    readonly bucket: string,
  ) {}

  async take(step: Step): Promise<void> {
    const { engine } = this.store
    if (step.do === 'wait') await this.store.advance(step.ms)
    this.model?.expire(this.store.now())
    if (step.do === 'put' || step.do === 'delete' || step.do === 'purge') return this.#write(step)
    if (step.do === 'create') {
      const ttlSeconds = step.ttlMs && step.ttlMs / 1000
      const made = await codeOf(engine.createBucket(this.bucket, { ...DEFAULTS, history: step.history, ttlSeconds }))
      expect(made).toBe(this.model ? 'already_exists' : undefined)
      this.model ??= new ModelBucket(step.history, step.ttlMs)
    }
    if (step.do === 'update') {
      const updated = await codeOf(engine.updateBucket(this.bucket, { history: step.history }))
      expect(updated).toBe(this.model ? undefined : 'not_found')
      this.model?.setHistory(step.history)
    }
    if (step.do === 'deleteBucket') {
      const removal = await engine.deleteBucket(this.bucket)
      if (this.model) this.#grow(removal ?? NO_BUCKET)
      else expect(removal).toBeUndefined()
      this.model = undefined
      this.#newest = undefined
    }
  }

  async #write(step: Extract<Step, { key: string }>): Promise<void> {
    const { engine } = this.store
    const newest = this.model?.newest(step.key)
    const hasValue = newest?.value !== undefined
    const expectedRevision = await this.#expectation(step.key, step.expected)
    const fails = step.expected === 'other' || (step.expected === 'zero' && hasValue)
    const options = { expectedRevision }
    const writing =
      step.do === 'put'
        ? engine.put(this.bucket, step.key, text(step.value), {
            ...options,
            ttlSeconds: step.ttlMs && step.ttlMs / 1000,
          })
        : engine[step.do](this.bucket, step.key, options)
    expect(await codeOf(writing)).toBe(fails ? 'revision_conflict' : undefined)
    if (!fails) {
      const commit = await writing
      const { revision, createdAt } = commit
      if (step.do === 'put') {
        this.#grow(commit)
        this.model ??= new ModelBucket(DEFAULTS.history, undefined)
        this.model.put(step.key, step.value, revision, createdAt, step.ttlMs)
      } else if (this.model?.canRemove(step.key, step.do)) {
        this.#grow(commit)
        this.model.remove(step.key, step.do, revision)
      } else if (newest?.operation !== 'expire') {
        expect(revision).toBe(newest?.revision ?? 0)
      }
    }
    expect(await read(engine, this.bucket, step.key)).toBe(this.model?.newest(step.key)?.value)
  }

  async #expectation(name: string, kind: Expectation): Promise<number | undefined> {
    if (kind === 'nothing') return undefined
    if (kind === 'zero') return 0
    const current = (await this.store.engine.get(this.bucket, name))?.revision ?? 0
    return kind === 'current' ? current : current + 1_000
  }

  #grow({ epoch, revision }: Position): void {
    if (this.#newest) {
      expect(epoch).toBe(this.#newest.epoch)
      expect(revision).toBeGreaterThan(this.#newest.revision)
    }
    this.#newest = { epoch, revision }
  }

  /** Everything there is to read agrees with the model, once the expiries under way are committed. */
  async compare(seen: Recording): Promise<void> {
    const { engine } = this.store
    for (const name of KEYS.filter((each) => this.model?.newest(each)?.operation === 'expire')) {
      await eventually(`expiry of ${name}`, async () => (await engine.get(this.bucket, name))?.operation === 'expire')
    }
    const values = this.model?.values() ?? []
    const listed = await listAll(engine, this.bucket, { limit: 2 })
    expect(listed.map((entry) => [entry.key, show(entry)])).toEqual(values)
    const bytes = values.reduce((sum, [, value]) => sum + new TextEncoder().encode(value).length, 0)
    if (this.model) expect(await engine.bucketInfo(this.bucket)).toMatchObject({ values: values.length, bytes })
    else expect(await engine.bucketInfo(this.bucket)).toBeUndefined()
    for (const name of KEYS) {
      const kept = await engine.history(this.bucket, name, { limit: 10 })
      const shown = kept.map((entry) => `${entry.operation} ${show(entry) ?? ''}`)
      expect(shown).toEqual(this.model?.historyOf(name, this.store.now()) ?? [])
    }
    const changes = await changesAfter(engine, this.bucket, undefined, 2)
    const newest = changes.at(-1)
    if (newest) await seen.untilCommit(newest)
    expect(fold(seen)).toEqual(changes)
  }
}

/** What a follower knows who has seen everything: each key's newest entry, by revision. */
function fold(seen: Recording): Entry[] {
  const known = new Map<string, Entry>()
  for (const event of seen.events) {
    if (event.type === 'bucket_deleted') known.clear()
    else if (event.type === 'entry') known.set(event.entry.key, event.entry)
  }
  return [...known.values()].sort((a, b) => a.revision - b.revision)
}

async function codeOf(outcome: Promise<unknown>): Promise<string | undefined> {
  return outcome.then(
    () => undefined,
    (error: { code: string }) => error.code,
  )
}

export function sequenceTests(open: OpenStore): void {
  describe('any sequence of operations', () => {
    const store = useStore(open)

    it('leaves what the model says, and tells followers just that', async () => {
      const property = fc.asyncProperty(steps, async (sequence) => {
        const pair = new Pair(store, store.freshName())
        const seen = await record(store.engine, pair.bucket)
        for (const step of sequence) if (store.canTurnClock || !needsClock(step)) await pair.take(step)
        await pair.compare(seen)
        seen.stop()
      })
      await fc.assert(property, { numRuns: 60 })
    }, 60_000)
  })
}

function needsClock(step: Step): boolean {
  return step.do === 'wait' || ('ttlMs' in step && step.ttlMs !== undefined)
}
