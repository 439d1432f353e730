import { describe, expect, it } from 'vitest'
import type { Commit } from '../../engine/entry'
import { eventually } from './recording'
import { type OpenStore, type Store, withStore } from './store'
import { changesAfter, lossOf, read, text } from './values'

export function tombstoneTests(open: OpenStore): void {
  describe('tombstone retention', () => {
    const retention = { tombstoneRetentionMs: 2_000 }

    async function deleted(store: Store): Promise<{ bucket: string; before: Commit; after: Commit }> {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'lasting', text('v'))
      const before = await store.engine.put(bucket, 'k', text('v'))
      const after = await store.engine.delete(bucket, 'k')
      return { bucket, before, after }
    }

    it('within it a cursor from before the tombstone still works', () =>
      withStore(
        open,
        async (store) => {
          const { bucket, before } = await deleted(store)
          await store.advance(1_000)
          expect(await changesAfter(store.engine, bucket, before)).toMatchObject([{ key: 'k', operation: 'delete' }])
        },
        retention,
      ))

    it('after it the key is forgotten, and a cursor from before the tombstone is lost', () =>
      withStore(
        open,
        async (store) => {
          const { bucket, before, after } = await deleted(store)
          await store.advance(2_500)
          await eventually('a lost cursor', async () => {
            return (await lossOf(store.engine, bucket, before)) === 'expired'
          })
          expect(await store.engine.get(bucket, 'k')).toBeUndefined()
          expect(await store.engine.history(bucket, 'k', { limit: 9 })).toEqual([])
          expect((await changesAfter(store.engine, bucket)).map(({ key }) => key)).toEqual(['lasting'])
          expect(await changesAfter(store.engine, bucket, after)).toEqual([])
          await store.engine.put(bucket, 'k', text('again'), { expectedRevision: 0 })
          expect(await changesAfter(store.engine, bucket, after)).toMatchObject([{ key: 'k', operation: 'put' }])
        },
        retention,
      ))

    it('a key that was written again stays, with its history', () =>
      withStore(
        open,
        async (store) => {
          const { bucket, before } = await deleted(store)
          await store.engine.put(bucket, 'k', text('back'))
          const other = await store.engine.put(bucket, 'other', text('v'))
          await store.engine.delete(bucket, 'other')
          await store.advance(2_500)
          await eventually('a forgotten key', async () => {
            return (await lossOf(store.engine, bucket, other)) === 'expired'
          })
          expect(before.revision).toBeLessThan(other.revision)
          expect(await read(store.engine, bucket, 'k')).toBe('back')
          expect(await store.engine.history(bucket, 'k', { limit: 9 })).toHaveLength(3)
        },
        retention,
      ))
  })
}
