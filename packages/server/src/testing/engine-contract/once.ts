import { describe, expect, it } from 'vitest'
import { record } from './recording'
import { DEFAULTS, type OpenStore, type Store, useStore, withStore } from './store'
import { read, text } from './values'

/** Each kind of write, done twice under one identity, with what the bucket needs before it. */
const WRITES: Record<string, (store: Store, bucket: string, once: string) => Promise<unknown>> = {
  put: ({ engine }, bucket, once) => engine.put(bucket, 'k', text('mine'), { once }),
  create: ({ engine }, bucket, once) => engine.put(bucket, 'new', text('mine'), { once, expectedRevision: 0 }),
  delete: ({ engine }, bucket, once) => engine.delete(bucket, 'k', { once }),
  'delete of nothing': ({ engine }, bucket, once) => engine.delete(bucket, 'absent', { once }),
  purge: ({ engine }, bucket, once) => engine.purge(bucket, 'k', { once }),
  createBucket: ({ engine }, bucket, once) => engine.createBucket(`${bucket}-new`, DEFAULTS, { once }),
  updateBucket: ({ engine }, bucket, once) => engine.updateBucket(bucket, { description: 'mine' }, { once }),
  deleteBucket: ({ engine }, bucket, once) => engine.deleteBucket(bucket, { once }),
}

/** A result without the mark that says that it is a repetition. */
function bare(result: unknown): unknown {
  return { ...(result as object), repeated: undefined }
}

let identities = 0
const identity = () => `once-${++identities}`

export function onceTests(open: OpenStore): void {
  describe('a write with an identity', () => {
    const store = useStore(open)

    for (const [name, write] of Object.entries(WRITES)) {
      it(`${name}: the repetition returns the first result and writes nothing`, async () => {
        const bucket = await store.bucket()
        await store.engine.put(bucket, 'k', text('before'))
        const once = identity()
        const first = await write(store, bucket, once)
        const seen = await record(store.engine, bucket)
        expect(bare(await write(store, bucket, once))).toEqual(bare(first))
        expect(seen.events).toEqual([])
        seen.stop()
      })
    }

    it('is recognised whatever it expects, and says that it is a repetition', async () => {
      const bucket = await store.bucket()
      const { revision } = await store.engine.put(bucket, 'k', text('1'))
      const once = identity()
      const options = { once, expectedRevision: revision }
      const first = await store.engine.put(bucket, 'k', text('2'), options)
      expect(first.repeated).toBeUndefined()
      await store.engine.put(bucket, 'k', text('3'))
      expect(await store.engine.put(bucket, 'k', text('2'), options)).toEqual({ ...first, repeated: true })
      expect(await read(store.engine, bucket, 'k')).toBe('3')
    })

    it('leaves no trace where it failed', async () => {
      const bucket = await store.bucket()
      const once = identity()
      await expect(store.engine.put(bucket, 'k', text('1'), { once, expectedRevision: 7 })).rejects.toMatchObject({
        code: 'revision_conflict',
      })
      await store.engine.put(bucket, 'k', text('2'), { once })
      expect(await read(store.engine, bucket, 'k')).toBe('2')
    })

    it('of two at the same time, one writes', async () => {
      const bucket = await store.bucket({ history: 5 })
      const once = identity()
      const both = await Promise.all(['1', '1'].map((value) => store.engine.put(bucket, 'k', text(value), { once })))
      expect(both[0]?.revision).toBe(both[1]?.revision)
      expect(await store.engine.history(bucket, 'k', { limit: 5 })).toHaveLength(1)
    })

    it('is recognised for two minutes', async () => {
      if (!store.canTurnClock) return
      const bucket = await store.bucket({ history: 5 })
      const once = identity()
      await store.engine.put(bucket, 'k', text('1'), { once })
      await store.advance(119_000)
      await store.engine.put(bucket, 'k', text('1'), { once })
      expect(await store.engine.history(bucket, 'k', { limit: 5 })).toHaveLength(1)
      await store.advance(2_000)
      await store.engine.put(bucket, 'k', text('1'), { once })
      expect(await store.engine.history(bucket, 'k', { limit: 5 })).toHaveLength(2)
    })

    it.each([
      ['back', -3_600_000],
      ['forward', 3_600_000],
    ])('is recognised for two minutes, and not longer, where the wall clock is set %s', async (_direction, turn) => {
      if (!store.canTurnClock) return
      const bucket = await store.bucket({ history: 5 })
      const once = identity()
      await store.engine.put(bucket, 'k', text('1'), { once })
      store.turnClock(turn)
      await store.advance(119_000)
      await store.engine.put(bucket, 'k', text('1'), { once })
      expect(await store.engine.history(bucket, 'k', { limit: 5 })).toHaveLength(1)
      await store.advance(2_000)
      await store.engine.put(bucket, 'k', text('1'), { once })
      expect(await store.engine.history(bucket, 'k', { limit: 5 })).toHaveLength(2)
      store.turnClock(-turn)
    })

    it('is recognised in the bucket’s next life', async () => {
      const bucket = await store.bucket()
      const once = identity()
      const first = await store.engine.put(bucket, 'k', text('1'), { once })
      await store.engine.deleteBucket(bucket)
      await store.engine.createBucket(bucket, DEFAULTS)
      expect(await store.engine.put(bucket, 'k', text('1'), { once })).toMatchObject({ revision: first.revision })
      expect(await read(store.engine, bucket, 'k')).toBeUndefined()
    })

    it('is recognised after the store was opened again with the wall clock set back, for two minutes', () =>
      withStore(open, async (durable) => {
        if (!durable.canReopen || !durable.canTurnClock) return
        const bucket = await durable.bucket({ history: 5 })
        const once = identity()
        const first = await durable.engine.put(bucket, 'k', text('1'), { once })
        await durable.engine.close()
        durable.turnClock(-3_600_000)
        await durable.reopen()
        await durable.advance(119_000)
        expect(await durable.engine.put(bucket, 'k', text('1'), { once })).toEqual({ ...first, repeated: true })
        await durable.advance(2_000)
        expect(await durable.engine.put(bucket, 'k', text('1'), { once })).not.toHaveProperty('repeated')
      }))

    it('is recognised after the store was opened again', () =>
      withStore(open, async (durable) => {
        if (!durable.canReopen) return expect(durable.engine.facts.durability).toBe('none')
        const bucket = await durable.bucket()
        const [put, removal] = [identity(), identity()]
        const first = await durable.engine.put(bucket, 'k', text('1'), { once: put })
        await durable.engine.put(bucket, 'k', text('2'))
        const other = await durable.bucket()
        const removed = await durable.engine.deleteBucket(other, { once: removal })
        await durable.engine.close()
        await durable.reopen()
        const repeated = await durable.engine.put(bucket, 'k', text('1'), { once: put, expectedRevision: 0 })
        expect(repeated).toEqual({ ...first, repeated: true })
        expect(await durable.engine.deleteBucket(other, { once: removal })).toEqual({ ...removed, repeated: true })
        expect(await read(durable.engine, bucket, 'k')).toBe('2')
      }))
  })
}
