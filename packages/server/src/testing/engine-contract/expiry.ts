import { describe, expect, it } from 'vitest'
import { record } from './recording'
import { type OpenStore, useStore } from './store'
import { changesAfter, listKeys, read, show, text } from './values'

export function expiryTests(open: OpenStore): void {
  describe('time-to-live', () => {
    const store = useStore(open)

    /** Hidden means: for every way to read it there is. */
    async function expectHidden(bucket: string, key: string, revision: number): Promise<void> {
      const { engine } = store
      expect(await read(engine, bucket, key)).toBeUndefined()
      expect(await engine.get(bucket, key, { revision })).toBeUndefined()
      expect(await listKeys(engine, bucket)).not.toContain(key)
      expect((await engine.history(bucket, key, { limit: 9 })).map(show)).not.toContain('v')
      expect((await changesAfter(engine, bucket)).find((entry) => entry.key === key)?.value).toBeUndefined()
      expect(await engine.bucketInfo(bucket)).toMatchObject({ values: 0, bytes: 0 })
    }

    it("a value is there until its bucket's time-to-live is over, then hidden at once", async () => {
      const bucket = await store.bucket({ ttlSeconds: 2 })
      const { revision, createdAt } = await store.engine.put(bucket, 'k', text('v'))
      expect(await store.engine.get(bucket, 'k')).toMatchObject({ expiresAt: createdAt + 2_000 })
      await store.advance(1_000)
      expect(await read(store.engine, bucket, 'k')).toBe('v')
      await store.advance(1_001)
      await expectHidden(bucket, 'k', revision)
    })

    it('an expiry is committed within a second, once, as a tombstone', async () => {
      const bucket = await store.bucket({ ttlSeconds: 1 })
      const seen = await record(store.engine, bucket)
      const { revision } = await store.engine.put(bucket, 'k', text('v'))
      await store.advance(1_001)
      const due = Date.now()
      await seen.until('expire', ({ operations }) => operations.includes('expire k'))
      expect(Date.now() - due).toBeLessThan(1_000)
      await store.engine.put(bucket, 'other', text('x'))
      const tombstone = await store.engine.get(bucket, 'k')
      expect(tombstone).toMatchObject({ operation: 'expire', revision: seen.entries[1]?.revision })
      expect(tombstone?.revision).toBeGreaterThan(revision)
      expect(tombstone?.value).toBeUndefined()
      await seen.until('put other', ({ operations }) => operations.includes('put other'))
      expect(seen.operations).toEqual(['put k', 'expire k', 'put other'])
      seen.stop()
    })

    it('a put to an expired key commits exactly one expiry before itself', async () => {
      const bucket = await store.bucket({ ttlSeconds: 1 })
      const seen = await record(store.engine, bucket)
      await store.engine.put(bucket, 'k', text('old'))
      await store.advance(1_001)
      const last = await store.engine.put(bucket, 'k', text('new'))
      await seen.untilCommit(last)
      expect(seen.operations).toEqual(['put k', 'expire k', 'put k'])
      expect((await store.engine.history(bucket, 'k', { limit: 9 })).map(({ operation }) => operation)).toEqual([
        'put',
        'expire',
      ])
      seen.stop()
    })

    it('a delete or purge of an expired key commits its expiry first', async () => {
      const bucket = await store.bucket({ ttlSeconds: 1 })
      const seen = await record(store.engine, bucket)
      await store.engine.put(bucket, 'deleted', text('v'))
      await store.engine.put(bucket, 'purged', text('v'))
      await store.advance(1_001)
      await store.engine.delete(bucket, 'deleted')
      const last = await store.engine.purge(bucket, 'purged')
      await seen.untilCommit(last)
      expect([...seen.operations].sort()).toEqual([
        'expire deleted',
        'expire purged',
        'purge purged',
        'put deleted',
        'put purged',
      ])
      seen.stop()
    })

    it("an expired value's revision is stale, and 0 expects it gone", async () => {
      const bucket = await store.bucket({ ttlSeconds: 1 })
      const { revision } = await store.engine.put(bucket, 'k', text('v'))
      await store.advance(1_001)
      const failed = store.engine.put(bucket, 'k', text('w'), { expectedRevision: revision })
      await expect(failed).rejects.toMatchObject({ code: 'revision_conflict' })
      const { currentRevision } = (await failed.catch((error: { currentRevision: number }) => error)) as {
        currentRevision: number
      }
      expect(currentRevision).toBeGreaterThan(revision)
      expect(await store.engine.get(bucket, 'k')).toMatchObject({ operation: 'expire', revision: currentRevision })
      await store.engine.put(bucket, 'k', text('w'), { expectedRevision: 0 })
      expect(await read(store.engine, bucket, 'k')).toBe('w')
    })

    it('writing a value again gives it its whole time again', async () => {
      const bucket = await store.bucket({ ttlSeconds: 2 })
      await store.engine.put(bucket, 'k', text('1'))
      await store.advance(1_500)
      await store.engine.put(bucket, 'k', text('2'))
      await store.advance(1_000)
      expect(await read(store.engine, bucket, 'k')).toBe('2')
      expect((await store.engine.history(bucket, 'k', { limit: 9 })).map(show)).toEqual(['2'])
    })

    it('what has expired counts towards no limit', async () => {
      const bucket = await store.bucket({ ttlSeconds: 1, maxBytes: 10 })
      await store.engine.put(bucket, 'old', text('1234567890'))
      await store.advance(1_001)
      await store.engine.put(bucket, 'new', text('1234567890'))
      expect(await store.engine.bucketInfo(bucket)).toMatchObject({ values: 1, bytes: 10 })
    })

    it('a shorter time-to-live counts for values that are there', async () => {
      const bucket = await store.bucket({ ttlSeconds: 3_600 })
      const seen = await record(store.engine, bucket)
      await store.engine.put(bucket, 'k', text('v'))
      await store.advance(1_001)
      await store.engine.updateBucket(bucket, { ttlSeconds: 1 })
      expect(await read(store.engine, bucket, 'k')).toBeUndefined()
      await seen.until('expire', ({ operations }) => operations.includes('expire k'))
      seen.stop()
    })

    it('a time-to-live that comes later counts for values that are there', async () => {
      const bucket = await store.bucket()
      const { createdAt } = await store.engine.put(bucket, 'k', text('v'))
      await store.engine.updateBucket(bucket, { ttlSeconds: 2 })
      expect(await store.engine.get(bucket, 'k')).toMatchObject({ expiresAt: createdAt + 2_000 })
      await store.advance(2_001)
      expect(await read(store.engine, bucket, 'k')).toBeUndefined()
    })

    it('a longer one, or none, counts too', async () => {
      const bucket = await store.bucket({ ttlSeconds: 1 })
      await store.engine.put(bucket, 'k', text('v'))
      await store.engine.updateBucket(bucket, { ttlSeconds: 60 })
      await store.advance(1_500)
      expect(await read(store.engine, bucket, 'k')).toBe('v')
      await store.engine.updateBucket(bucket, { ttlSeconds: 0 })
      expect((await store.engine.get(bucket, 'k'))?.expiresAt).toBeUndefined()
    })

    it('a longer one brings nothing back whose time was up', async () => {
      const bucket = await store.bucket({ ttlSeconds: 1 })
      await store.engine.put(bucket, 'k', text('v'))
      await store.advance(1_001)
      await store.engine.updateBucket(bucket, { ttlSeconds: 60 })
      expect(await read(store.engine, bucket, 'k')).toBeUndefined()
    })

    it('many expiries all come', async () => {
      const bucket = await store.bucket({ ttlSeconds: 1 })
      const seen = await record(store.engine, bucket)
      await Promise.all(Array.from({ length: 50 }, (_, n) => store.engine.put(bucket, `k${n}`, text('v'))))
      await store.advance(1_001)
      await seen.until(
        '50 expiries',
        ({ entries }) => entries.filter(({ operation }) => operation === 'expire').length >= 50,
      )
      expect(await store.engine.bucketInfo(bucket)).toMatchObject({ values: 0, bytes: 0 })
      const order = seen.entries.map(({ revision }) => revision)
      expect(order).toEqual([...order].sort((a, b) => a - b))
      seen.stop()
    })
  })

  describe("a key's own time-to-live", () => {
    const store = useStore(open)

    /** Where the engine has none, saying so is all there is to test. */
    function keyTest(name: string, test: () => Promise<void>): void {
      it(name, async () => {
        if (store.engine.facts.keyTtl) return test()
        await expect(store.engine.put(await store.bucket(), 'k', text('v'), { ttlSeconds: 1 })).rejects.toMatchObject({
          code: 'unsupported',
        })
      })
    }

    keyTest('ends that key and no other', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'short', text('v'), { ttlSeconds: 1 })
      await store.engine.put(bucket, 'lasting', text('v'))
      await store.advance(1_001)
      expect(await listKeys(store.engine, bucket)).toEqual(['lasting'])
    })

    keyTest('counts where it is the shorter one, and only there', async () => {
      const bucket = await store.bucket({ ttlSeconds: 3 })
      await store.engine.put(bucket, 'shorter', text('v'), { ttlSeconds: 1 })
      await store.engine.put(bucket, 'longer', text('v'), { ttlSeconds: 60 })
      await store.advance(1_001)
      expect(await listKeys(store.engine, bucket)).toEqual(['longer'])
      await store.advance(2_000)
      expect(await listKeys(store.engine, bucket)).toEqual([])
    })

    keyTest("survives a change of the bucket's", async () => {
      const bucket = await store.bucket({ ttlSeconds: 1 })
      const { createdAt } = await store.engine.put(bucket, 'k', text('v'), { ttlSeconds: 5 })
      await store.engine.updateBucket(bucket, { ttlSeconds: 0 })
      expect(await store.engine.get(bucket, 'k')).toMatchObject({ expiresAt: createdAt + 5_000 })
      await store.engine.updateBucket(bucket, { ttlSeconds: 3 })
      expect(await store.engine.get(bucket, 'k')).toMatchObject({ expiresAt: createdAt + 3_000 })
    })

    keyTest('does not pass to the next value', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'k', text('1'), { ttlSeconds: 1 })
      await store.engine.put(bucket, 'k', text('2'))
      await store.advance(1_500)
      expect(await read(store.engine, bucket, 'k')).toBe('2')
    })
  })
}
