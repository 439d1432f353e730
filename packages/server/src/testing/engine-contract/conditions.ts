import { describe, expect, it } from 'vitest'
import { type OpenStore, useStore } from './store'
import { read, text } from './values'

export function conditionTests(open: OpenStore): void {
  describe('expected revisions', () => {
    const store = useStore(open)

    it('a put that expects the newest revision succeeds', async () => {
      const bucket = await store.bucket()
      const { revision } = await store.engine.put(bucket, 'k', text('1'))
      await store.engine.put(bucket, 'k', text('2'), { expectedRevision: revision })
      expect(await read(store.engine, bucket, 'k')).toBe('2')
    })

    it('a put that expects a stale revision fails and tells the current one', async () => {
      const bucket = await store.bucket()
      const old = await store.engine.put(bucket, 'k', text('1'))
      const { revision } = await store.engine.put(bucket, 'k', text('2'))
      await expect(store.engine.put(bucket, 'k', text('3'), { expectedRevision: old.revision })).rejects.toMatchObject({
        code: 'revision_conflict',
        currentRevision: revision,
      })
      expect(await read(store.engine, bucket, 'k')).toBe('2')
    })

    it('0 is for a key that was never written, also in a bucket that is not there', async () => {
      const bucket = store.freshName()
      await store.engine.put(bucket, 'k', text('1'), { expectedRevision: 0 })
      await store.engine.put(bucket, 'other', text('1'), { expectedRevision: 0 })
      expect(await read(store.engine, bucket, 'k')).toBe('1')
    })

    it('0 fails where there is a value', async () => {
      const bucket = await store.bucket()
      const { revision } = await store.engine.put(bucket, 'k', text('1'))
      await expect(store.engine.put(bucket, 'k', text('2'), { expectedRevision: 0 })).rejects.toMatchObject({
        code: 'revision_conflict',
        currentRevision: revision,
      })
    })

    it('0 is also for a key that was deleted or purged', async () => {
      const bucket = await store.bucket()
      for (const remove of ['delete', 'purge'] as const) {
        await store.engine.put(bucket, 'k', text('1'), { expectedRevision: 0 })
        await store.engine[remove](bucket, 'k')
      }
      await store.engine.put(bucket, 'k', text('back'), { expectedRevision: 0 })
      expect(await read(store.engine, bucket, 'k')).toBe('back')
    })

    it("a tombstone's revision counts", async () => {
      const bucket = await store.bucket()
      const put = await store.engine.put(bucket, 'k', text('1'))
      const { revision } = await store.engine.delete(bucket, 'k')
      await expect(store.engine.put(bucket, 'k', text('2'), { expectedRevision: put.revision })).rejects.toMatchObject({
        code: 'revision_conflict',
        currentRevision: revision,
      })
      await store.engine.put(bucket, 'k', text('3'), { expectedRevision: revision })
      expect(await read(store.engine, bucket, 'k')).toBe('3')
    })

    it('a revision that a key never had fails with 0 as the current one', async () => {
      const bucket = await store.bucket()
      for (const name of [bucket, store.freshName()]) {
        await expect(store.engine.put(name, 'k', text('1'), { expectedRevision: 3 })).rejects.toMatchObject({
          code: 'revision_conflict',
          currentRevision: 0,
        })
      }
    })

    it("another key's revision does not count", async () => {
      const bucket = await store.bucket()
      const mine = await store.engine.put(bucket, 'mine', text('1'))
      const other = await store.engine.put(bucket, 'other', text('1'))
      await expect(
        store.engine.put(bucket, 'mine', text('2'), { expectedRevision: other.revision }),
      ).rejects.toMatchObject({ currentRevision: mine.revision })
    })

    for (const remove of ['delete', 'purge'] as const) {
      it(`a ${remove} takes an expected revision`, async () => {
        const bucket = await store.bucket()
        const { revision } = await store.engine.put(bucket, 'k', text('1'))
        await expect(store.engine[remove](bucket, 'k', { expectedRevision: revision + 1 })).rejects.toMatchObject({
          code: 'revision_conflict',
          currentRevision: revision,
        })
        expect(await read(store.engine, bucket, 'k')).toBe('1')
        await store.engine[remove](bucket, 'k', { expectedRevision: revision })
        expect(await read(store.engine, bucket, 'k')).toBeUndefined()
      })

      it(`a ${remove} of what has no value checks its expected revision too`, async () => {
        const bucket = await store.bucket()
        await expect(store.engine[remove](bucket, 'k', { expectedRevision: 5 })).rejects.toMatchObject({
          code: 'revision_conflict',
          currentRevision: 0,
        })
        expect(await store.engine[remove](bucket, 'k', { expectedRevision: 0 })).toMatchObject({ revision: 0 })
        await store.engine.put(bucket, 'k', text('1'))
        const tombstone = await store.engine[remove](bucket, 'k')
        await expect(store.engine[remove](bucket, 'k', { expectedRevision: 1_000_000_000 })).rejects.toMatchObject({
          currentRevision: tombstone.revision,
        })
        expect(await store.engine[remove](bucket, 'k', { expectedRevision: tombstone.revision })).toEqual(tombstone)
      })
    }

    it('of 64 that expect the same revision at once, exactly one wins', async () => {
      const bucket = await store.bucket()
      for (const expectedRevision of [0, (await store.engine.put(bucket, 'update', text('seed'))).revision]) {
        const key = expectedRevision === 0 ? 'create' : 'update'
        const tries = Array.from({ length: 64 }, (_, n) =>
          store.engine.put(bucket, key, text(`writer ${n}`), { expectedRevision }),
        )
        const outcomes = await Promise.allSettled(tries)
        const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
        const losers = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
        expect(losers).toHaveLength(63)
        const { revision } = (await tries[winner]) as { revision: number }
        for (const error of losers)
          expect(error).toMatchObject({ code: 'revision_conflict', currentRevision: revision })
        expect(await read(store.engine, bucket, key)).toBe(`writer ${winner}`)
      }
    })

    it('a counter that many add to by compare-and-swap loses nothing', async () => {
      const bucket = await store.bucket()
      const add = async () => {
        for (;;) {
          const entry = await store.engine.get(bucket, 'counter')
          const count = entry?.value?.encoding === 'text' ? Number(entry.value.text) : 0
          const won = await store.engine
            .put(bucket, 'counter', text(`${count + 1}`), { expectedRevision: entry?.revision ?? 0 })
            .catch(() => undefined)
          if (won) return
        }
      }
      await Promise.all(Array.from({ length: 12 }, add))
      expect(await read(store.engine, bucket, 'counter')).toBe('12')
    })
  })
}
