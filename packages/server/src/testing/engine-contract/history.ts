import { describe, expect, it } from 'vitest'
import { DEFAULTS, type OpenStore, useStore } from './store'
import { lengthOf, show, sum, text } from './values'

export function historyTests(open: OpenStore): void {
  describe('history', () => {
    const store = useStore(open)

    async function putAll(bucket: string, ...values: string[]): Promise<number[]> {
      const revisions: number[] = []
      for (const value of values) revisions.push((await store.engine.put(bucket, 'k', text(value))).revision)
      return revisions
    }

    const values = async (bucket: string, query = { limit: 100 }) =>
      (await store.engine.history(bucket, 'k', query)).map(show)

    it('keeps the newest revisions of a key, newest first', async () => {
      const bucket = await store.bucket({ history: 3 })
      const revisions = await putAll(bucket, '1', '2', '3', '4', '5')
      const kept = await store.engine.history(bucket, 'k', { limit: 100 })
      expect(kept.map(show)).toEqual(['5', '4', '3'])
      expect(kept.map(({ revision }) => revision)).toEqual(revisions.slice(2).reverse())
    })

    it('a depth of 1 keeps only the newest', async () => {
      const bucket = await store.bucket({ history: 1 })
      const [first] = await putAll(bucket, '1', '2')
      expect(await values(bucket)).toEqual(['2'])
      expect(await store.engine.get(bucket, 'k', { revision: first })).toBeUndefined()
      await store.engine.delete(bucket, 'k')
      expect(await values(bucket)).toEqual([undefined])
    })

    it('a depth of 64 keeps 64', async () => {
      const bucket = await store.bucket({ history: 64 })
      await putAll(bucket, ...Array.from({ length: 70 }, (_, n) => `${n}`))
      expect(await values(bucket)).toEqual(Array.from({ length: 64 }, (_, n) => `${69 - n}`))
    })

    it('tombstones are part of it', async () => {
      const bucket = await store.bucket({ history: 4 })
      await putAll(bucket, '1')
      await store.engine.delete(bucket, 'k')
      await putAll(bucket, '2')
      const kept = await store.engine.history(bucket, 'k', { limit: 100 })
      expect(kept.map(({ operation }) => operation)).toEqual(['put', 'delete', 'put'])
      expect(kept.map(show)).toEqual(['2', undefined, '1'])
    })

    it('is each key its own', async () => {
      const bucket = await store.bucket({ history: 2 })
      await putAll(bucket, '1', '2')
      for (let n = 0; n < 5; n++) await store.engine.put(bucket, 'other', text(`${n}`))
      expect(await values(bucket)).toEqual(['2', '1'])
    })

    it('goes page by page', async () => {
      const bucket = await store.bucket({ history: 10 })
      const revisions = await putAll(bucket, '1', '2', '3', '4', '5')
      expect(await values(bucket, { limit: 2 })).toEqual(['5', '4'])
      const older = await store.engine.history(bucket, 'k', { before: revisions[3], limit: 2 })
      expect(older.map(show)).toEqual(['3', '2'])
      expect(await store.engine.history(bucket, 'k', { before: revisions[0], limit: 2 })).toEqual([])
    })

    it('a page ends before it has more bytes than it may, but not without an entry; an empty one is the end', async () => {
      const bucket = await store.bucket({ history: 10 })
      const sizes = [10, 10, 1_500, 300, 300, 300]
      await putAll(bucket, ...sizes.map((size) => 'é'.repeat(size / 2)))
      const pages: number[][] = []
      for (let before: number | undefined; ; ) {
        const page = await store.engine.history(bucket, 'k', { before, limit: 100, bytes: 1_000 })
        if (page.length === 0) break
        pages.push(page.map(({ value }) => lengthOf(value)))
        before = page.at(-1)?.revision
      }
      expect(pages.flat()).toEqual([...sizes].reverse())
      for (const page of pages) expect(page.length === 1 || sum(page) <= 1_000, `${page}`).toBe(true)
    })

    it('a key or bucket that is not there has none', async () => {
      expect(await store.engine.history(await store.bucket(), 'k', { limit: 5 })).toEqual([])
      expect(await store.engine.history(store.freshName(), 'k', { limit: 5 })).toEqual([])
    })

    it('a kept revision can be read by its number, of this key only', async () => {
      const bucket = await store.bucket({ history: 3 })
      const [first, second] = await putAll(bucket, '1', '2')
      const other = await store.engine.put(bucket, 'other', text('x'))
      expect(show(await store.engine.get(bucket, 'k', { revision: first }))).toBe('1')
      expect(show(await store.engine.get(bucket, 'k', { revision: second }))).toBe('2')
      expect(await store.engine.get(bucket, 'k', { revision: other.revision })).toBeUndefined()
      expect(await store.engine.get(await store.bucket(), 'k', { revision: first })).toBeUndefined()
    })

    it('a tombstone can be read by its number', async () => {
      const bucket = await store.bucket({ history: 3 })
      await putAll(bucket, '1')
      const { revision } = await store.engine.delete(bucket, 'k')
      await putAll(bucket, '2')
      expect(await store.engine.get(bucket, 'k', { revision })).toMatchObject({ operation: 'delete', revision })
    })

    it('a smaller depth trims what is kept beyond it', async () => {
      const bucket = await store.bucket({ history: 10 })
      const revisions = await putAll(bucket, '1', '2', '3', '4')
      await store.engine.updateBucket(bucket, { history: 2 })
      expect(await values(bucket)).toEqual(['4', '3'])
      expect(await store.engine.get(bucket, 'k', { revision: revisions[0] })).toBeUndefined()
      await store.engine.updateBucket(bucket, { history: DEFAULTS.history })
      expect(await values(bucket)).toEqual(['4', '3'])
      await putAll(bucket, '5')
      expect(await values(bucket)).toEqual(['5', '4', '3'])
    })

    it('a put after a purge starts it anew', async () => {
      const bucket = await store.bucket({ history: 5 })
      await putAll(bucket, '1', '2')
      await store.engine.purge(bucket, 'k')
      await putAll(bucket, '3', '4')
      expect(await values(bucket)).toEqual(['4', '3', undefined])
    })
  })
}
