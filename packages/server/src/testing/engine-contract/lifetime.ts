import { describe, expect, it } from 'vitest'
import type { CommitStats, Engine } from '../../engine/engine'
import { record } from './recording'
import { DEFAULTS, type OpenStore, type Store, withStore } from './store'
import { bytes, changesAfter, listKeys, lossOf, read, show, text } from './values'

/** Every method that may not work once the engine is closed. */
const CALLS: Record<string, (engine: Engine) => Promise<unknown>> = {
  createBucket: (engine) => engine.createBucket('b2', DEFAULTS),
  updateBucket: (engine) => engine.updateBucket('b', { history: 2 }),
  bucketInfo: (engine) => engine.bucketInfo('b'),
  listBuckets: (engine) => engine.listBuckets('', { limit: 5 }),
  deleteBucket: (engine) => engine.deleteBucket('b'),
  get: (engine) => engine.get('b', 'k'),
  put: (engine) => engine.put('b', 'k', text('w')),
  delete: (engine) => engine.delete('b', 'k'),
  purge: (engine) => engine.purge('b', 'k'),
  entries: (engine) => engine.entries('b', { limit: 5, values: true }),
  history: (engine) => engine.history('b', 'k', { limit: 5 }),
  changesSince: (engine) => engine.changesSince('b', { limit: 5 }),
  follow: async (engine) => engine.follow('b', () => {}),
}

/** Only a store that promises nothing may end with its engine. */
function expectNotDurable({ engine }: Store): void {
  expect(engine.facts.durability).toBe('none')
}

export function lifetimeTests(open: OpenStore): void {
  describe('open and closed', () => {
    it('says that it is ready', () =>
      withStore(open, async ({ engine }) => {
        expect(engine.status()).toEqual({ ready: true })
      }))

    it('the same bucket has another epoch in every store', () =>
      withStore(open, ({ engine: one }) =>
        withStore(open, async ({ engine: other }) => {
          const [mine, theirs] = [await one.createBucket('b', DEFAULTS), await other.createBucket('b', DEFAULTS)]
          expect(mine.epoch).not.toBe(theirs.epoch)
        }),
      ))

    it('tells every commit to onCommit', async () => {
      const batches: CommitStats[] = []
      const onCommit = (batch: CommitStats) => batches.push(batch)
      await withStore(
        open,
        async ({ engine }) => {
          await engine.createBucket('b', DEFAULTS)
          await Promise.all(['a', 'b', 'c'].map((key) => engine.put('b', key, text('v'))))
          await engine.delete('b', 'a')
          await engine.delete('b', 'a')
          expect(batches.reduce((sum, { writes }) => sum + writes, 0)).toBeGreaterThanOrEqual(4)
          for (const { writes, durationMs } of batches) {
            expect(writes).toBeGreaterThan(0)
            expect(durationMs).toBeGreaterThanOrEqual(0)
          }
        },
        { onCommit },
      )
    })

    for (const [method, call] of Object.entries(CALLS)) {
      it(`${method} fails with closed after close`, () =>
        withStore(open, async ({ engine }) => {
          await engine.put('b', 'k', text('v'))
          await engine.close()
          await expect(call(engine)).rejects.toMatchObject({ code: 'closed' })
        }))
    }

    it('a second close is a no-op, and so is one at the same time', () =>
      withStore(open, async ({ engine }) => {
        await Promise.all([engine.close(), engine.close()])
        await engine.close()
        expect(engine.status()).toMatchObject({ ready: false, reason: expect.stringMatching(/closed/) })
      }))

    it('close finishes the writes under way', () =>
      withStore(open, async (store) => {
        const writes = Array.from({ length: 50 }, (_, n) => store.engine.put('b', `k${n}`, text('v')))
        const closing = store.engine.close()
        const outcomes = await Promise.allSettled(writes)
        await closing
        expect(outcomes.every(({ status }) => status === 'fulfilled')).toBe(true)
        if (!store.canReopen) return
        await store.reopen()
        expect(await listKeys(store.engine, 'b')).toHaveLength(50)
      }))

    it('nobody is told anything after close', () =>
      withStore(open, async (store) => {
        const seen = await record(store.engine, 'b')
        const last = await store.engine.put('b', 'k', text('v'), {})
        await seen.untilCommit(last)
        await store.engine.updateBucket('b', { ttlSeconds: 1 })
        await store.engine.close()
        await store.advance(1_001)
        await new Promise((resolve) => setTimeout(resolve, 300))
        expect(seen.operations).toEqual(['put k'])
        seen.stop()
      }))
  })

  describe('opened again', () => {
    it('everything is as it was', () =>
      withStore(open, async (store) => {
        if (!store.canReopen) return expectNotDurable(store)
        const bucket = await store.bucket({ description: 'kept', history: 3, ttlSeconds: 500, maxBytes: 10_000 })
        await store.engine.put(bucket, 'k', text('1'))
        await store.engine.put(bucket, 'k', text('2'))
        await store.engine.put(bucket, 'é😀', bytes(0, 255))
        await store.engine.put(bucket, 'gone', text('x'))
        const deleted = await store.engine.delete(bucket, 'gone')
        const info = await store.engine.bucketInfo(bucket)
        const changes = await changesAfter(store.engine, bucket)
        await store.reopen()
        expect(await store.engine.bucketInfo(bucket)).toEqual(info)
        expect(await changesAfter(store.engine, bucket)).toEqual(changes)
        expect((await store.engine.history(bucket, 'k', { limit: 9 })).map(show)).toEqual(['2', '1'])
        expect(await lossOf(store.engine, bucket, deleted)).toBeUndefined()
        const next = await store.engine.put(bucket, 'k', text('3'))
        expect(next.epoch).toBe(deleted.epoch)
        expect(next.revision).toBeGreaterThan(deleted.revision)
      }))

    it('a bucket that was deleted before is another life', () =>
      withStore(open, async (store) => {
        if (!store.canReopen) return expectNotDurable(store)
        await store.engine.put('b', 'k', text('1'))
        const removal = await store.engine.deleteBucket('b')
        await store.reopen()
        expect((await store.engine.put('b', 'k', text('2'))).epoch).not.toBe(removal?.epoch)
      }))

    it('what expired in between is gone, and its expiry is told', () =>
      withStore(open, async (store) => {
        if (!store.canReopen) return expectNotDurable(store)
        const bucket = await store.bucket({ ttlSeconds: 2 })
        const put = await store.engine.put(bucket, 'k', text('v'))
        await store.engine.close()
        await store.advance(2_001)
        await store.reopen()
        expect(await read(store.engine, bucket, 'k')).toBeUndefined()
        const seen = await record(store.engine, bucket)
        const settled = await changesAfter(store.engine, bucket, put)
        if (settled.length === 0) await seen.until('expire', ({ operations }) => operations.includes('expire k'))
        expect(await store.engine.get(bucket, 'k')).toMatchObject({ operation: 'expire' })
        seen.stop()
      }))
  })
}
