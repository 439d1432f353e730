import { describe, expect, it } from 'vitest'
import type { BucketRecord } from '../../engine/bucket-config'
import type { Entry } from '../../engine/entry'
import { NO_BUCKET } from '../../engine/queries'
import { type OpenStore, useStore } from './store'
import { changesAfter, lengthOf, lossOf, place, show, sum, text } from './values'

export function changeTests(open: OpenStore): void {
  describe('changes after a cursor', () => {
    const store = useStore(open)

    it('are each key that changed, once, with its newest state, by revision', async () => {
      const bucket = await store.bucket()
      const put = await store.engine.put(bucket, 'a', text('1'))
      await store.engine.put(bucket, 'b', text('1'))
      await store.engine.put(bucket, 'c', text('1'))
      await store.engine.put(bucket, 'b', text('2'))
      const changes = await changesAfter(store.engine, bucket, put)
      expect(changes.map((entry) => [entry.key, show(entry)])).toEqual([
        ['c', '1'],
        ['b', '2'],
      ])
      expect(changes).toEqual([await store.engine.get(bucket, 'c'), await store.engine.get(bucket, 'b')])
    })

    it('tombstones are among them', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'deleted', text('1'))
      const put = await store.engine.put(bucket, 'purged', text('1'))
      await store.engine.delete(bucket, 'deleted')
      await store.engine.purge(bucket, 'purged')
      const changes = await changesAfter(store.engine, bucket, put)
      expect(changes.map(({ key, operation, value }) => [key, operation, value])).toEqual([
        ['deleted', 'delete', undefined],
        ['purged', 'purge', undefined],
      ])
    })

    it('without a position are all the bucket has', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'a', text('1'))
      await store.engine.put(bucket, 'b', text('1'))
      await store.engine.delete(bucket, 'a')
      expect((await changesAfter(store.engine, bucket)).map(({ key }) => key)).toEqual(['b', 'a'])
    })

    it('after the beginning of the bucket are all it has', async () => {
      const bucket = store.freshName()
      await store.engine.put(bucket, 'a', text('1'))
      const { epoch, createdRevision: revision } = (await store.engine.bucketInfo(bucket)) as BucketRecord
      expect(await changesAfter(store.engine, bucket, { epoch, revision })).toHaveLength(1)
    })

    it('after the newest there are none', async () => {
      const bucket = await store.bucket()
      const put = await store.engine.put(bucket, 'a', text('1'))
      const page = await store.engine.changesSince(bucket, { after: place(put), limit: 5 })
      expect(page).toMatchObject({ changes: [], more: false, position: { epoch: put.epoch } })
      expect(page.position.revision).toBeGreaterThanOrEqual(put.revision)
      expect(await lossOf(store.engine, bucket, page.position)).toBeUndefined()
    })

    it('come page by page', async () => {
      const bucket = await store.bucket()
      for (let n = 0; n < 10; n++) await store.engine.put(bucket, `k${n}`, text(`${n}`))
      const page = await store.engine.changesSince(bucket, { limit: 4 })
      expect(page).toMatchObject({ more: true, changes: [{ key: 'k0' }, { key: 'k1' }, { key: 'k2' }, { key: 'k3' }] })
      for (const limit of [1, 3, 5, 10, 11]) {
        const keys = (await changesAfter(store.engine, bucket, undefined, limit)).map(({ key }) => key)
        expect(keys).toEqual(Array.from({ length: 10 }, (_, n) => `k${n}`))
      }
      expect(await store.engine.changesSince(bucket, { limit: 10 })).toMatchObject({ more: false })
    })

    it('a page ends before it has more bytes than it may, but not without a change, and says that more follow', async () => {
      const bucket = await store.bucket()
      const sizes = [300, 300, 300, 1_500, 10, 10]
      for (const [index, size] of sizes.entries())
        await store.engine.put(bucket, `k${index}`, text('é'.repeat(size / 2)))
      const pages: number[][] = []
      let last: Entry | undefined
      for (let more = true; more; ) {
        const page = await store.engine.changesSince(bucket, { after: last && place(last), limit: 100, bytes: 1_000 })
        if (page.lost) throw new Error(page.lost)
        pages.push(page.changes.map(({ value }) => lengthOf(value)))
        last = page.changes.at(-1) ?? last
        more = page.more
      }
      expect(pages.flat()).toEqual(sizes)
      for (const page of pages) expect(page.length === 1 || sum(page) <= 1_000, `${page}`).toBe(true)
    })

    it('the position of a listing is one to go on from', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'a', text('1'))
      const { position } = await store.engine.entries(bucket, { limit: 5, values: true })
      await store.engine.put(bucket, 'b', text('1'))
      expect((await changesAfter(store.engine, bucket, position)).map(({ key }) => key)).toEqual(['b'])
    })

    it("another bucket's are not among them", async () => {
      const [mine, other] = [await store.bucket(), await store.bucket()]
      await store.engine.put(other, 'x', text('1'))
      await store.engine.put(mine, 'a', text('1'))
      await store.engine.put(other, 'y', text('1'))
      expect((await changesAfter(store.engine, mine)).map(({ key }) => key)).toEqual(['a'])
    })

    it('a position beyond the newest revision of its life is ahead', async () => {
      const bucket = await store.bucket()
      const { position } = await store.engine.changesSince(bucket, { limit: 1 })
      const after = place({ ...position, revision: position.revision + 1_000_000 })
      expect(await store.engine.changesSince(bucket, { after, limit: 5 })).toEqual({ lost: 'ahead', position })
    })

    it('an absent bucket has none', async () => {
      expect(await store.engine.changesSince(store.freshName(), { limit: 5 })).toEqual({
        changes: [],
        more: false,
        position: NO_BUCKET,
      })
    })

    it('the place of a bucket that does not exist is never lost', async () => {
      const bucket = store.freshName()
      expect(await changesAfter(store.engine, bucket, NO_BUCKET)).toEqual([])
      await store.engine.put(bucket, 'a', text('1'))
      expect((await changesAfter(store.engine, bucket, NO_BUCKET)).map(({ key }) => key)).toEqual(['a'])
      await store.engine.deleteBucket(bucket)
      expect(await changesAfter(store.engine, bucket, NO_BUCKET)).toEqual([])
      await store.engine.put(bucket, 'b', text('1'))
      expect((await changesAfter(store.engine, bucket, NO_BUCKET)).map(({ key }) => key)).toEqual(['b'])
    })

    it('a position in a bucket that is gone is of another life', async () => {
      const bucket = await store.bucket()
      const put = await store.engine.put(bucket, 'a', text('1'))
      await store.engine.deleteBucket(bucket)
      expect(await store.engine.changesSince(bucket, { after: place(put), limit: 5 })).toEqual({
        lost: 'epoch',
        position: NO_BUCKET,
      })
    })
  })
}
