import { describe, expect, it } from 'vitest'
import { DEFAULTS, type OpenStore, useStore } from './store'
import { changesAfter, lengthOf, lossOf, show, sum, text } from './values'

export function changeTests(open: OpenStore): void {
  describe('changes after a cursor', () => {
    const store = useStore(open)

    it('are each key that changed, once, with its newest state, by revision', async () => {
      const bucket = await store.bucket()
      const { revision } = await store.engine.put(bucket, 'a', text('1'))
      await store.engine.put(bucket, 'b', text('1'))
      await store.engine.put(bucket, 'c', text('1'))
      await store.engine.put(bucket, 'b', text('2'))
      const changes = await changesAfter(store.engine, bucket, revision)
      expect(changes.map((entry) => [entry.key, show(entry)])).toEqual([
        ['c', '1'],
        ['b', '2'],
      ])
      expect(changes).toEqual([await store.engine.get(bucket, 'c'), await store.engine.get(bucket, 'b')])
    })

    it('tombstones are among them', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'deleted', text('1'))
      const { revision } = await store.engine.put(bucket, 'purged', text('1'))
      await store.engine.delete(bucket, 'deleted')
      await store.engine.purge(bucket, 'purged')
      const changes = await changesAfter(store.engine, bucket, revision)
      expect(changes.map(({ key, operation, value }) => [key, operation, value])).toEqual([
        ['deleted', 'delete', undefined],
        ['purged', 'purge', undefined],
      ])
    })

    it('after 0 are all the bucket has', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'a', text('1'))
      await store.engine.put(bucket, 'b', text('1'))
      await store.engine.delete(bucket, 'a')
      expect((await changesAfter(store.engine, bucket, 0)).map(({ key }) => key)).toEqual(['b', 'a'])
    })

    it('after the beginning of the bucket are all it has', async () => {
      const bucket = store.freshName()
      await store.engine.put(bucket, 'a', text('1'))
      const { createdRevision } = (await store.engine.bucketInfo(bucket)) ?? { createdRevision: -1 }
      expect(await changesAfter(store.engine, bucket, createdRevision)).toHaveLength(1)
    })

    it('after the newest there are none', async () => {
      const bucket = await store.bucket()
      const { revision } = await store.engine.put(bucket, 'a', text('1'))
      const page = await store.engine.changesSince(bucket, { after: revision, limit: 5 })
      expect(page).toMatchObject({ changes: [], more: false })
      expect(page.revision).toBeGreaterThanOrEqual(revision)
      expect(await lossOf(store.engine, bucket, page.revision)).toBeUndefined()
    })

    it('come page by page', async () => {
      const bucket = await store.bucket()
      for (let n = 0; n < 10; n++) await store.engine.put(bucket, `k${n}`, text(`${n}`))
      const page = await store.engine.changesSince(bucket, { after: 0, limit: 4 })
      expect(page).toMatchObject({ more: true, changes: [{ key: 'k0' }, { key: 'k1' }, { key: 'k2' }, { key: 'k3' }] })
      for (const limit of [1, 3, 5, 10, 11]) {
        const keys = (await changesAfter(store.engine, bucket, 0, limit)).map(({ key }) => key)
        expect(keys).toEqual(Array.from({ length: 10 }, (_, n) => `k${n}`))
      }
      expect(await store.engine.changesSince(bucket, { after: 0, limit: 10 })).toMatchObject({ more: false })
    })

    it('a page ends before it has more bytes than it may, but not without a change, and says that more follow', async () => {
      const bucket = await store.bucket()
      const sizes = [300, 300, 300, 1_500, 10, 10]
      for (const [index, size] of sizes.entries())
        await store.engine.put(bucket, `k${index}`, text('é'.repeat(size / 2)))
      const pages: number[][] = []
      for (let after = 0, more = true; more; ) {
        const page = await store.engine.changesSince(bucket, { after, limit: 100, bytes: 1_000 })
        if (page.lost) throw new Error(page.lost)
        pages.push(page.changes.map(({ value }) => lengthOf(value)))
        after = page.changes.at(-1)?.revision ?? after
        more = page.more
      }
      expect(pages.flat()).toEqual(sizes)
      for (const page of pages) expect(page.length === 1 || sum(page) <= 1_000, `${page}`).toBe(true)
    })

    it('the revision of a listing is a cursor', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'a', text('1'))
      const { revision } = await store.engine.entries(bucket, { limit: 5, values: true })
      await store.engine.put(bucket, 'b', text('1'))
      expect((await changesAfter(store.engine, bucket, revision)).map(({ key }) => key)).toEqual(['b'])
    })

    it("another bucket's are not among them", async () => {
      const [mine, other] = [await store.bucket(), await store.bucket()]
      await store.engine.put(other, 'x', text('1'))
      await store.engine.put(mine, 'a', text('1'))
      await store.engine.put(other, 'y', text('1'))
      expect((await changesAfter(store.engine, mine, 0)).map(({ key }) => key)).toEqual(['a'])
    })

    it('a cursor beyond the newest revision is ahead', async () => {
      const bucket = await store.bucket()
      const { revision } = await store.engine.changesSince(bucket, { after: 0, limit: 1 })
      expect(await store.engine.changesSince(bucket, { after: revision + 1_000_000, limit: 5 })).toMatchObject({
        lost: 'ahead',
        revision,
      })
    })

    it('an absent bucket has none', async () => {
      expect(await changesAfter(store.engine, store.freshName(), 0)).toEqual([])
    })

    it('a cursor of a bucket that is gone is lost', async () => {
      const bucket = await store.bucket()
      const { revision } = await store.engine.put(bucket, 'a', text('1'))
      await store.engine.deleteBucket(bucket)
      expect(await lossOf(store.engine, bucket, revision)).toBeDefined()
    })

    it('a cursor from before a bucket was made again is lost', async () => {
      const bucket = await store.bucket()
      const { revision } = await store.engine.put(bucket, 'a', text('1'))
      await store.engine.deleteBucket(bucket)
      await store.engine.createBucket(bucket, DEFAULTS)
      expect(await lossOf(store.engine, bucket, revision)).toBe('expired')
      await store.engine.put(bucket, 'b', text('1'))
      expect(await lossOf(store.engine, bucket, revision)).toBe('expired')
      expect((await changesAfter(store.engine, bucket, 0)).map(({ key }) => key)).toEqual(['b'])
    })
  })
}
