import { type IronflowError, isIronflowError } from '@ironflow/core/errors'
import { describe, expect, it } from 'vitest'
import { DEFAULTS, type OpenStore, useStore } from './store'
import { listKeys, read, text } from './values'

export function bucketTests(open: OpenStore): void {
  describe('buckets', () => {
    const store = useStore(open)

    it('a bucket has the options it was made with, and is empty', async () => {
      const name = store.freshName()
      const config = { description: 'who is on', ttlSeconds: 60, history: 3, maxBytes: 5000, maxValueSize: 100 }
      const made = await store.engine.createBucket(name, config)
      expect(made).toMatchObject({ ...config, name, values: 0, bytes: 0 })
      expect(Math.abs(made.createdAt - store.now())).toBeLessThan(5_000)
      expect(await store.engine.bucketInfo(name)).toEqual(made)
    })

    it('a bucket made with limits of 0 has none', async () => {
      const name = await store.bucket({ ttlSeconds: 0, maxBytes: 0 })
      await store.engine.put(name, 'k', text('v'))
      expect((await store.engine.get(name, 'k'))?.expiresAt).toBeUndefined()
    })

    it('making a bucket that is there fails, and changes nothing', async () => {
      const name = await store.bucket({ history: 2 })
      await store.engine.put(name, 'k', text('v'))
      await expect(store.engine.createBucket(name, { ...DEFAULTS, history: 9 })).rejects.toMatchObject({
        code: 'already_exists',
      })
      expect(await store.engine.bucketInfo(name)).toMatchObject({ history: 2, values: 1 })
    })

    it('an error about a bucket names it in its details, and not in its message', async () => {
      const { engine } = store
      const bucket = await store.bucket({ maxBytes: 1 })
      const missing = store.freshName()
      const failures = [
        { bucket, error: await failure(engine.createBucket(bucket, DEFAULTS)) },
        { bucket, error: await failure(engine.put(bucket, 'k', text('too much'))) },
        { bucket: missing, error: await failure(engine.updateBucket(missing, { history: 2 })) },
      ]
      expect(failures.map(({ error }) => error.code)).toEqual(['already_exists', 'storage_full', 'not_found'])
      for (const { bucket, error } of failures) {
        expect(error.details).toMatchObject({ bucket })
        expect(error.message).not.toContain(bucket)
      }
    })

    it('of two that make a bucket at once, one succeeds', async () => {
      const name = store.freshName()
      const make = () => store.engine.createBucket(name, DEFAULTS)
      const outcomes = await Promise.allSettled([make(), make(), make()])
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    })

    it('there is no info of a bucket that is not there', async () => {
      expect(await store.engine.bucketInfo(store.freshName())).toBeUndefined()
    })

    it('an update changes what it names and leaves the rest', async () => {
      const name = await store.bucket({ description: 'old', history: 2, maxBytes: 1000 })
      const changed = await store.engine.updateBucket(name, {
        description: 'new',
        history: undefined,
        maxValueSize: 10,
      })
      expect(changed).toMatchObject({ description: 'new', history: 2, maxBytes: 1000, maxValueSize: 10 })
      expect(await store.engine.bucketInfo(name)).toEqual(changed)
    })

    it('an update to 0 takes a limit away', async () => {
      const name = await store.bucket({ ttlSeconds: 60, maxBytes: 3 })
      await store.engine.updateBucket(name, { ttlSeconds: 0, maxBytes: 0 })
      await store.engine.put(name, 'k', text('longer than three'))
      expect(await store.engine.get(name, 'k')).not.toHaveProperty('expiresAt', expect.anything())
    })

    it('an update of a bucket that is not there fails', async () => {
      await expect(store.engine.updateBucket(store.freshName(), { history: 2 })).rejects.toMatchObject({
        code: 'not_found',
      })
    })

    it('lists the buckets of a prefix by name, page by page', async () => {
      for (const name of ['APP_list_b', 'APP_list_a', 'APP_list-other_x', 'APP_lis_x', 'APP_list_B']) {
        await store.engine.createBucket(name, DEFAULTS)
      }
      const first = await store.engine.listBuckets('APP_list_', { limit: 2 })
      expect(first.buckets.map(({ name }) => name)).toEqual(['APP_list_B', 'APP_list_a'])
      expect(first.next).toBe('APP_list_a')
      const second = await store.engine.listBuckets('APP_list_', { after: first.next, limit: 2 })
      expect(second.buckets.map(({ name }) => name)).toEqual(['APP_list_b'])
      expect(second.next).toBeUndefined()
    })

    it('a listing that fits its page to the last has no next', async () => {
      await store.engine.createBucket('APP_fits_a', DEFAULTS)
      await store.engine.createBucket('APP_fits_b', DEFAULTS)
      expect((await store.engine.listBuckets('APP_fits_', { limit: 2 })).next).toBeUndefined()
    })

    it('counts the keys that have a value and the bytes of their values', async () => {
      const name = await store.bucket()
      const counts = async () => {
        const { values, bytes } = (await store.engine.bucketInfo(name)) ?? {}
        return { values, bytes }
      }
      await store.engine.put(name, 'a', text('12345'))
      await store.engine.put(name, 'b', text('é€😀'))
      expect(await counts()).toEqual({ values: 2, bytes: 14 })
      await store.engine.put(name, 'a', { encoding: 'base64', bytes: new Uint8Array(100) })
      expect(await counts()).toEqual({ values: 2, bytes: 109 })
      await store.engine.delete(name, 'b')
      expect(await counts()).toEqual({ values: 1, bytes: 100 })
      await store.engine.purge(name, 'a')
      expect(await counts()).toEqual({ values: 0, bytes: 0 })
    })

    it('a put makes the bucket it needs, with the defaults', async () => {
      const name = store.freshName()
      await store.engine.put(name, 'k', text('v'))
      expect(await store.engine.bucketInfo(name)).toMatchObject({ ...DEFAULTS, values: 1 })
    })

    it('a put that fails makes no bucket', async () => {
      const name = store.freshName()
      await store.engine.put(name, 'k', text('v'), { expectedRevision: 7 }).catch(() => {})
      await store.engine.put(name, 'k', text('v'.repeat(DEFAULTS.maxValueSize + 1))).catch(() => {})
      expect(await store.engine.bucketInfo(name)).toBeUndefined()
    })

    it('neither a delete nor a purge makes a bucket', async () => {
      const name = store.freshName()
      expect(await store.engine.delete(name, 'k')).toMatchObject({ revision: 0 })
      expect(await store.engine.purge(name, 'k')).toMatchObject({ revision: 0 })
      expect(await store.engine.bucketInfo(name)).toBeUndefined()
    })

    it('a bucket that is deleted takes all it held with it', async () => {
      const name = await store.bucket({ description: 'gone', history: 4 })
      const { epoch, revision } = await store.engine.put(name, 'k', text('v'))
      const removal = await store.engine.deleteBucket(name)
      expect(removal?.epoch).toBe(epoch)
      expect(removal?.revision).toBeGreaterThan(revision)
      expect(await store.engine.bucketInfo(name)).toBeUndefined()
      await store.engine.createBucket(name, DEFAULTS)
      expect(await store.engine.bucketInfo(name)).toMatchObject({ values: 0, bytes: 0, history: DEFAULTS.history })
      expect(await store.engine.get(name, 'k')).toBeUndefined()
      expect(await store.engine.get(name, 'k', { revision })).toBeUndefined()
      expect(await store.engine.history(name, 'k', { limit: 10 })).toEqual([])
      expect(await listKeys(store.engine, name)).toEqual([])
    })

    it('deleting a bucket that is not there does nothing', async () => {
      expect(await store.engine.deleteBucket(store.freshName())).toBeUndefined()
    })

    it('revisions grow within a life of a bucket, and each life has an epoch of its own', async () => {
      const name = await store.bucket()
      const epochs = new Set<string>()
      for (let round = 0; round < 3; round++) {
        const life = await store.engine.bucketInfo(name)
        let newest = life?.createdRevision ?? Number.NaN
        for (let write = 0; write < 3; write++) {
          const { epoch, revision } = await store.engine.put(name, 'k', text(`${round} ${write}`))
          expect(epoch).toBe(life?.epoch)
          expect(revision).toBeGreaterThan(newest)
          newest = revision
        }
        const removal = await store.engine.deleteBucket(name)
        expect(removal?.epoch).toBe(life?.epoch)
        expect(removal?.revision).toBeGreaterThan(newest)
        epochs.add(life?.epoch ?? '')
        await store.engine.createBucket(name, DEFAULTS)
      }
      expect(epochs.size).toBe(3)
      for (const epoch of epochs) expect(epoch).toMatch(/^[A-Za-z0-9]{1,64}$/)
    })

    it('a bucket begins below its first write', async () => {
      const name = store.freshName()
      const { revision } = await store.engine.put(name, 'k', text('v'))
      expect((await store.engine.bucketInfo(name))?.createdRevision).toBeLessThan(revision)
    })

    it('buckets do not see each other', async () => {
      const [one, other] = [await store.bucket(), await store.bucket()]
      await store.engine.put(one, 'k', text('one'))
      await store.engine.put(other, 'k', text('other'))
      await store.engine.deleteBucket(other)
      expect(await read(store.engine, one, 'k')).toBe('one')
      expect(await listKeys(store.engine, one)).toEqual(['k'])
    })
  })
}

/** The error that a call of an engine rejects with. */
async function failure(call: Promise<unknown>): Promise<IronflowError> {
  const error = await call.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  )
  if (!isIronflowError(error)) throw error
  return error
}
