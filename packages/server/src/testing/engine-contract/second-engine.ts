import { describe, expect, it } from 'vitest'
import type { Engine } from '../../engine/engine'
import { eventually, record } from './recording'
import { DEFAULTS, type OpenStore, type Store, withStore } from './store'
import { listKeys, read, text } from './values'

/** Stores that one engine has to itself pass by saying so. */
export function secondEngineTests(open: OpenStore): void {
  describe('two engines on one store', () => {
    const both = (name: string, test: (store: Store, one: Engine, other: Engine) => Promise<void>) =>
      it(name, () =>
        withStore(open, async (store) => {
          const other = await store.second()
          if (!other) return
          try {
            await test(store, store.engine, other)
          } finally {
            await other.close()
          }
        }),
      )

    both('each reports the other’s writes to its followers', async (store, one, other) => {
      const bucket = await store.bucket()
      const [mine, theirs] = [await record(one, bucket), await record(other, bucket)]
      const first = await one.put(bucket, 'a', text('1'))
      await theirs.untilCommit(first)
      const second = await other.put(bucket, 'b', text('2'))
      await mine.untilCommit(second)
      expect(mine.entries).toEqual(theirs.entries)
      expect(await read(one, bucket, 'b')).toBe('2')
      mine.stop()
      theirs.stop()
    })

    both('a read that has seen a position of the other is as new', async (store, one, other) => {
      const bucket = await store.bucket()
      for (let n = 0; n < 20; n++) {
        const minPosition = await one.put(bucket, 'k', text(`${n}`))
        expect((await other.get(bucket, 'k', { minPosition }))?.revision).toBe(minPosition.revision)
        const strong = await other.get(bucket, 'k', { consistency: 'strong' })
        expect(strong?.revision).toBe(minPosition.revision)
      }
    })

    both('of writers that expect the same revision one succeeds', async (store, one, other) => {
      const bucket = await store.bucket()
      let { revision } = await one.put(bucket, 'k', text('0'))
      for (let round = 0; round < 10; round++) {
        const expected = { expectedRevision: revision }
        const outcomes = await Promise.allSettled([
          one.put(bucket, 'k', text('one'), expected),
          other.put(bucket, 'k', text('other'), expected),
        ])
        const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
        expect(won).toHaveLength(1)
        revision = won[0]?.revision ?? 0
      }
    })

    both('a write is recognised by the other', async (store, one, other) => {
      const bucket = await store.bucket({ history: 5 })
      const first = await one.put(bucket, 'k', text('1'), { once: 'across' })
      const again = await other.put(bucket, 'k', text('1'), { once: 'across', expectedRevision: 99 })
      expect(again).toMatchObject({ epoch: first.epoch, revision: first.revision })
      expect(await one.history(bucket, 'k', { limit: 5 })).toHaveLength(1)
    })

    both('a value expires once', async (store, one, other) => {
      const bucket = await store.bucket({ ttlSeconds: 1 })
      const [mine, theirs] = [await record(one, bucket), await record(other, bucket)]
      const put = await one.put(bucket, 'k', text('v'))
      await theirs.untilCommit(put)
      await store.advance(1_001)
      for (const seen of [mine, theirs]) await seen.until('expire', ({ operations }) => operations.length > 1)
      const marker = await one.put(bucket, 'marker', text('v'))
      for (const seen of [mine, theirs]) {
        await seen.untilCommit(marker)
        expect(seen.operations).toEqual(['put k', 'expire k', 'put marker'])
        seen.stop()
      }
    })

    both('a bucket that the other deletes is gone, and its next life is noticed', async (store, one, other) => {
      const bucket = await store.bucket()
      const old = await one.put(bucket, 'k', text('v'))
      const seen = await record(one, bucket)
      await other.deleteBucket(bucket)
      await seen.until('bucket_deleted', ({ events }) => events.length > 0)
      expect(seen.events).toMatchObject([{ type: 'bucket_deleted', epoch: old.epoch }])
      await eventually('an absent bucket', async () => (await one.bucketInfo(bucket)) === undefined)
      await other.createBucket(bucket, DEFAULTS)
      const next = await other.put(bucket, 'new', text('v'))
      await seen.untilCommit(next)
      expect(await listKeys(one, bucket)).toEqual(['new'])
      seen.stop()
    })
  })
}
