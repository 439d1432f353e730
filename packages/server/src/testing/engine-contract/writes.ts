import { describe, expect, it } from 'vitest'
import { record } from './recording'
import { type OpenStore, useStore } from './store'
import { changesAfter, listKeys, read, show, text } from './values'

export function writeTests(open: OpenStore): void {
  describe('writes', () => {
    const store = useStore(open)

    it('a value that was put can be read, with the revision and time the put answered', async () => {
      const bucket = await store.bucket()
      const commit = await store.engine.put(bucket, 'user:1', text('v'))
      expect(await store.engine.get(bucket, 'user:1')).toEqual({
        key: 'user:1',
        value: text('v'),
        operation: 'put',
        ...commit,
      })
      expect(Math.abs(commit.createdAt - store.now())).toBeLessThan(5_000)
    })

    it('a key that was never written has no entry, and neither has one in no bucket', async () => {
      expect(await store.engine.get(await store.bucket(), 'k')).toBeUndefined()
      expect(await store.engine.get(store.freshName(), 'k')).toBeUndefined()
    })

    it('every write has a higher revision than the one before', async () => {
      const bucket = await store.bucket()
      const revisions: number[] = []
      for (const key of ['a', 'b', 'a']) revisions.push((await store.engine.put(bucket, key, text('same'))).revision)
      revisions.push((await store.engine.delete(bucket, 'a')).revision)
      revisions.push((await store.engine.purge(bucket, 'b')).revision)
      expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b))
    })

    it('the newest value wins', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'k', text('old'))
      await store.engine.put(bucket, 'k', text('new'))
      expect(await read(store.engine, bucket, 'k')).toBe('new')
    })

    it('a delete leaves a tombstone', async () => {
      const bucket = await store.bucket()
      const put = await store.engine.put(bucket, 'k', text('v'))
      const commit = await store.engine.delete(bucket, 'k')
      expect(commit.revision).toBeGreaterThan(put.revision)
      expect(await store.engine.get(bucket, 'k')).toEqual({ key: 'k', operation: 'delete', ...commit })
      expect(await listKeys(store.engine, bucket)).toEqual([])
    })

    it('deleting what has no value writes nothing and answers the newest revision', async () => {
      const bucket = await store.bucket()
      expect(await store.engine.delete(bucket, 'k')).toMatchObject({ revision: 0 })
      await store.engine.put(bucket, 'k', text('v'))
      const first = await store.engine.delete(bucket, 'k')
      expect(await store.engine.delete(bucket, 'k')).toEqual(first)
      expect(await store.engine.history(bucket, 'k', { limit: 9 })).toHaveLength(2)
    })

    it('a purge leaves only its tombstone', async () => {
      const bucket = await store.bucket()
      const { revision } = await store.engine.put(bucket, 'k', text('v'))
      await store.engine.put(bucket, 'k', text('w'))
      const commit = await store.engine.purge(bucket, 'k')
      const tombstone = { key: 'k', operation: 'purge', ...commit }
      expect(await store.engine.get(bucket, 'k')).toEqual(tombstone)
      expect(await store.engine.history(bucket, 'k', { limit: 9 })).toEqual([tombstone])
      expect(await store.engine.get(bucket, 'k', { revision })).toBeUndefined()
    })

    it('a second purge writes nothing', async () => {
      const bucket = await store.bucket()
      expect(await store.engine.purge(bucket, 'k')).toMatchObject({ revision: 0 })
      await store.engine.put(bucket, 'k', text('v'))
      const first = await store.engine.purge(bucket, 'k')
      expect(await store.engine.purge(bucket, 'k')).toEqual(first)
      expect(await store.engine.delete(bucket, 'k')).toEqual(first)
    })

    it('a purge forgets the history of a deleted key', async () => {
      const bucket = await store.bucket()
      const { revision } = await store.engine.put(bucket, 'k', text('secret'))
      const deleted = await store.engine.delete(bucket, 'k')
      expect((await store.engine.purge(bucket, 'k')).revision).toBeGreaterThan(deleted.revision)
      expect(await store.engine.get(bucket, 'k', { revision })).toBeUndefined()
      expect(await store.engine.history(bucket, 'k', { limit: 9 })).toHaveLength(1)
    })

    it('a deleted key can be put again', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'k', text('v'))
      await store.engine.purge(bucket, 'k')
      await store.engine.put(bucket, 'k', text('again'))
      expect(await read(store.engine, bucket, 'k')).toBe('again')
      expect((await store.engine.history(bucket, 'k', { limit: 9 })).map(show)).toEqual(['again', undefined])
    })

    it('many writes at once all happen, each with its own revision', async () => {
      const bucket = await store.bucket()
      const writes = Array.from({ length: 200 }, (_, n) => store.engine.put(bucket, `k${n % 50}`, text(`${n}`)))
      const revisions = (await Promise.all(writes)).map(({ revision }) => revision)
      expect(new Set(revisions).size).toBe(200)
      expect(await listKeys(store.engine, bucket)).toHaveLength(50)
      expect(await store.engine.bucketInfo(bucket)).toMatchObject({ values: 50 })
    })

    it('a write that fails does not fail the ones beside it', async () => {
      const bucket = await store.bucket({ maxValueSize: 10 })
      const outcomes = await Promise.allSettled([
        store.engine.put(bucket, 'a', text('1')),
        store.engine.put(bucket, 'b', text('far too large for this')),
        store.engine.put(bucket, 'c', text('3'), { expectedRevision: 99_999_999 }),
        store.engine.put(bucket, 'd', text('4')),
        store.engine.createBucket(bucket, { history: 1, maxValueSize: 1 }),
        store.engine.put(bucket, 'e', text('5')),
      ])
      expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, false, true, false, true])
      expect(await listKeys(store.engine, bucket)).toEqual(['a', 'd', 'e'])
    })

    it('meta is kept with the entry, for every way to read it', async () => {
      const bucket = await store.bucket({ history: 5 })
      const seen = await record(store.engine, bucket)
      const meta = { author: 'ada', reason: 'é€😀' }
      const put = await store.engine.put(bucket, 'k', text('1'), { meta })
      const deleted = await store.engine
        .delete(bucket, 'gone', { meta })
        .then(() => store.engine.delete(bucket, 'k', { meta: { author: 'bob' } }))
      await seen.untilCommit(deleted)
      expect(seen.entries.map((entry) => entry.meta)).toEqual([meta, { author: 'bob' }])
      expect((await store.engine.get(bucket, 'k'))?.meta).toEqual({ author: 'bob' })
      expect((await store.engine.get(bucket, 'k', { revision: put.revision }))?.meta).toEqual(meta)
      expect((await store.engine.history(bucket, 'k', { limit: 5 })).map((entry) => entry.meta)).toEqual([
        { author: 'bob' },
        meta,
      ])
      await store.engine.put(bucket, 'k', text('2'), { meta })
      expect((await store.engine.entries(bucket, { limit: 5, values: true })).entries[0]?.meta).toEqual(meta)
      expect((await changesAfter(store.engine, bucket))[0]?.meta).toEqual(meta)
      await store.engine.put(bucket, 'k', text('3'))
      expect(await store.engine.get(bucket, 'k')).not.toHaveProperty('meta', expect.anything())
      seen.stop()
    })

    it('a put says what the bucket gets if it makes it', async () => {
      const bucket = store.freshName()
      const bucketConfig = { history: 7, maxValueSize: 50, description: 'made by a put' }
      await store.engine.put(bucket, 'k', text('1'), { bucketConfig })
      expect(await store.engine.bucketInfo(bucket)).toMatchObject(bucketConfig)
      await store.engine.put(bucket, 'k', text('2'), { bucketConfig: { ...bucketConfig, history: 3 } })
      expect(await store.engine.bucketInfo(bucket)).toMatchObject(bucketConfig)
      const tooLong = store.engine.put(store.freshName(), 'k', text('x'.repeat(51)), { bucketConfig })
      await expect(tooLong).rejects.toMatchObject({ code: 'payload_too_large' })
    })
  })
}
