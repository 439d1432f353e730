import { describe, expect, it } from 'vitest'
import { type OpenStore, useStore } from './store'
import { bytes, read, text } from './values'

export function limitTests(open: OpenStore): void {
  describe('limits', () => {
    const store = useStore(open)

    it('a value of maxValueSize bytes fits, one more does not', async () => {
      const bucket = await store.bucket({ maxValueSize: 4 })
      await store.engine.put(bucket, 'k', text('é€'.slice(0, 1).repeat(2)))
      await store.engine.put(bucket, 'k', bytes(1, 2, 3, 4))
      for (const value of [text('ééé'), bytes(1, 2, 3, 4, 5)]) {
        await expect(store.engine.put(bucket, 'k', value)).rejects.toMatchObject({ code: 'payload_too_large' })
      }
      expect(await read(store.engine, bucket, 'k')).toBe('bytes:1 2 3 4')
    })

    it('the error names the limit', async () => {
      const bucket = await store.bucket({ maxValueSize: 4, maxBytes: 6 })
      await expect(store.engine.put(bucket, 'k', text('12345'))).rejects.toThrow(/maxValueSize/)
      await store.engine.put(bucket, 'a', text('1234'))
      await expect(store.engine.put(bucket, 'k', text('123'))).rejects.toThrow(/maxBytes/)
    })

    it('a put that takes the bucket beyond maxBytes is storage_full', async () => {
      const bucket = await store.bucket({ maxBytes: 10 })
      await store.engine.put(bucket, 'a', text('12345'))
      await store.engine.put(bucket, 'b', text('12345'))
      await expect(store.engine.put(bucket, 'c', text('1'))).rejects.toMatchObject({ code: 'storage_full' })
      expect(await store.engine.bucketInfo(bucket)).toMatchObject({ values: 2, bytes: 10 })
    })

    it('writing over a value counts what it replaces', async () => {
      const bucket = await store.bucket({ maxBytes: 10 })
      await store.engine.put(bucket, 'a', text('1234567890'))
      await store.engine.put(bucket, 'a', text('0987654321'))
      await expect(store.engine.put(bucket, 'a', text('12345678901'))).rejects.toMatchObject({ code: 'storage_full' })
      expect(await read(store.engine, bucket, 'a')).toBe('0987654321')
    })

    it('a delete makes room', async () => {
      const bucket = await store.bucket({ maxBytes: 10 })
      await store.engine.put(bucket, 'a', text('1234567890'))
      await store.engine.delete(bucket, 'a')
      await store.engine.put(bucket, 'b', text('1234567890'))
      await store.engine.purge(bucket, 'b')
      await store.engine.put(bucket, 'c', text('1234567890'))
    })

    it('many at once stay within maxBytes', async () => {
      const bucket = await store.bucket({ maxBytes: 10 })
      const puts = Array.from({ length: 20 }, (_, n) => store.engine.put(bucket, `k${n}`, text('1')))
      const outcomes = await Promise.allSettled(puts)
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
      expect(await store.engine.bucketInfo(bucket)).toMatchObject({ values: 10, bytes: 10 })
    })

    it('changed limits count from then on', async () => {
      const bucket = await store.bucket({ maxBytes: 10, maxValueSize: 5 })
      await store.engine.updateBucket(bucket, { maxValueSize: 8 })
      await store.engine.put(bucket, 'a', text('12345678'))
      await store.engine.updateBucket(bucket, { maxBytes: 20 })
      await store.engine.put(bucket, 'b', text('12345678'))
      await expect(store.engine.put(bucket, 'c', text('12345678'))).rejects.toMatchObject({ code: 'storage_full' })
    })
  })
}
