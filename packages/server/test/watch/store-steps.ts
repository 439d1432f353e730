import type { Subscription } from '@ironflow/core/protocol'
import fc from 'fast-check'
import type { Engine } from '../../src'

/** What can happen to a store, as data, so that a counterexample can be read. */
export type StoreStep =
  | { do: 'put'; bucket: string; key: string; value: number; ttlSeconds?: number | undefined }
  | { do: 'delete'; bucket: string; key: string }
  | { do: 'deleteBucket'; bucket: string }
  | { do: 'purge'; key: string }
  | { do: 'putMany'; count: number }
  | { do: 'createBucket' | 'putElsewhere' }

export const BUCKET = 'APP_default_b'
export const CONFIG = 'APP_default_SYS_config'

const NAMES = ['a', 'b', 'c', 'a.x', 'a.y', 'b.x', 'a.x.1', 'z']
const MANY = Array.from({ length: 40 }, (_, index) => `m.${index}`)

const json = (value: number) => ({ encoding: 'json', text: `{"n":${value}}` }) as const

export async function runStoreStep(engine: Engine, step: StoreStep): Promise<unknown> {
  switch (step.do) {
    case 'put':
      return engine.put(step.bucket, step.key, json(step.value), { ttlSeconds: step.ttlSeconds })
    case 'putMany':
      return Promise.all(MANY.map((key) => engine.put(BUCKET, key, json(step.count))))
    case 'putElsewhere':
      return engine.put('APP_default_other', 'k', json(1))
    case 'delete':
      return engine.delete(step.bucket, step.key)
    case 'purge':
      return engine.purge(BUCKET, step.key)
    case 'deleteBucket':
      return engine.deleteBucket(step.bucket)
    case 'createBucket':
      return engine.createBucket(BUCKET, { history: 1, maxValueSize: 100 }).catch(() => undefined)
  }
}

/** Lets the store find out what has expired. */
export async function expire(engine: Engine): Promise<void> {
  await Promise.all([engine.bucketInfo(BUCKET), engine.bucketInfo(CONFIG)])
}

/** What the store has of what a subscription is about, by key. */
export async function storedState(
  engine: Engine,
  { kind, target, filters }: Pick<Subscription, 'kind' | 'target' | 'filters'>,
): Promise<Record<string, { revision: number; value: unknown }>> {
  const bucket = kind === 'kv' ? `APP_default_${target}` : CONFIG
  const wanted = kind === 'config' ? [target] : filters
  const state: Record<string, { revision: number; value: unknown }> = {}
  const { entries } = await engine.entries(bucket, { filters: wanted, limit: 1_000, values: true })
  for (const { key, revision, value } of entries) {
    state[key] = { revision, value: value?.encoding === 'json' && JSON.parse(value.text) }
  }
  return state
}

export const just = <T>(value: T) => fc.constant(value)
const key = fc.constantFrom(...NAMES)
const bucket = fc.constantFrom(BUCKET, BUCKET, BUCKET, CONFIG)
const ttlSeconds = fc.option(fc.constantFrom(1, 30), { nil: undefined, freq: 3 })

/** How often each happens; for `fc.oneof`. */
export const storeSteps: fc.MaybeWeightedArbitrary<StoreStep>[] = [
  { weight: 8, arbitrary: fc.record({ do: just('put' as const), bucket, key, value: fc.nat(99), ttlSeconds }) },
  { weight: 3, arbitrary: fc.record({ do: just('delete' as const), bucket, key }) },
  { weight: 1, arbitrary: fc.record({ do: just('purge' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: just('putMany' as const), count: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.record({ do: just('deleteBucket' as const), bucket }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('createBucket', 'putElsewhere') }) },
]
