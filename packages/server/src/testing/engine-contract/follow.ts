import { describe, expect, it } from 'vitest'
import type { Entry } from '../../engine/entry'
import { record } from './recording'
import { DEFAULTS, type OpenStore, useStore } from './store'
import { changesAfter, read, text } from './values'

export function followTests(open: OpenStore): void {
  describe('following', () => {
    const store = useStore(open)

    it('tells every commit from now on, as it can be read', async () => {
      const bucket = await store.bucket()
      await store.engine.put(bucket, 'before', text('1'))
      const seen = await record(store.engine, bucket)
      const put = await store.engine.put(bucket, 'k', text('2'))
      await seen.untilCommit(put)
      expect(seen.events).toEqual([{ type: 'entry', entry: await store.engine.get(bucket, 'k') }])
      const deleted = await store.engine.delete(bucket, 'k')
      await seen.untilCommit(deleted)
      expect(seen.entries[1]).toEqual(await store.engine.get(bucket, 'k'))
      const purged = await store.engine.purge(bucket, 'k')
      await seen.untilCommit(purged)
      expect(seen.operations).toEqual(['put k', 'delete k', 'purge k'])
      seen.stop()
    })

    it('tells only what was written: neither failures nor deletes of nothing', async () => {
      const bucket = await store.bucket()
      const seen = await record(store.engine, bucket)
      await store.engine.put(bucket, 'k', text('1'), { expectedRevision: 5 }).catch(() => {})
      await store.engine.delete(bucket, 'k')
      const last = await store.engine.put(bucket, 'k', text('2'))
      await seen.untilCommit(last)
      expect(seen.operations).toEqual(['put k'])
      seen.stop()
    })

    it('is in the order of revisions, however many write at once', async () => {
      const bucket = await store.bucket()
      const seen = await record(store.engine, bucket)
      const writes = Array.from({ length: 100 }, (_, n) => store.engine.put(bucket, `k${n % 10}`, text(`${n}`)))
      const revisions = (await Promise.all(writes)).map(({ revision }) => revision)
      await seen.until('100 entries', ({ entries }) => entries.length >= 100)
      expect(seen.entries.map(({ revision }) => revision)).toEqual(revisions.sort((a, b) => a - b))
      seen.stop()
    })

    it('what is told can be read by then', async () => {
      const bucket = await store.bucket()
      const reads: Promise<Entry | undefined>[] = []
      const { started, stop } = store.engine.follow(bucket, (event) => {
        if (event.type === 'entry') reads.push(store.engine.get(bucket, event.entry.key))
      })
      await started
      const seen = await record(store.engine, bucket)
      await Promise.all(Array.from({ length: 20 }, (_, n) => store.engine.put(bucket, `k${n}`, text('v'))))
      await seen.until('20 entries', ({ entries }) => entries.length === 20)
      const found = await Promise.all(reads)
      expect(found.map((entry) => entry?.key)).toEqual(Array.from({ length: 20 }, (_, n) => `k${n}`))
      stop()
      seen.stop()
    })

    it('needs no bucket, and goes on through its life and the next', async () => {
      const bucket = store.freshName()
      const seen = await record(store.engine, bucket)
      await store.engine.put(bucket, 'a', text('1'))
      const removal = await store.engine.deleteBucket(bucket)
      await store.engine.createBucket(bucket, DEFAULTS)
      const last = await store.engine.put(bucket, 'b', text('2'))
      await seen.untilCommit(last)
      expect(seen.events).toMatchObject([
        { type: 'entry', entry: { key: 'a' } },
        { type: 'bucket_deleted', ...removal },
        { type: 'entry', entry: { key: 'b' } },
      ])
      seen.stop()
    })

    it("another bucket's commits are not told", async () => {
      const [mine, other] = [await store.bucket(), await store.bucket()]
      const seen = await record(store.engine, mine)
      await store.engine.put(other, 'x', text('1'))
      await store.engine.deleteBucket(other)
      const last = await store.engine.put(mine, 'k', text('1'))
      await seen.untilCommit(last)
      expect(seen.operations).toEqual(['put k'])
      seen.stop()
    })

    it('reports changed options, with the record as it is now', async () => {
      const bucket = await store.bucket({ description: 'old' })
      const seen = await record(store.engine, bucket)
      const updated = await store.engine.updateBucket(bucket, { description: 'new', ttlSeconds: 60 })
      await seen.until('bucket_updated', ({ events }) => events.length > 0)
      expect(seen.events).toEqual([{ type: 'bucket_updated', record: updated }])
      seen.stop()
    })

    it('reports a commit before the write that made it resolves', async () => {
      const bucket = await store.bucket()
      const seen = await record(store.engine, bucket)
      await store.engine.put(bucket, 'k', text('v'))
      expect(seen.operations).toEqual(['put k'])
      await store.engine.delete(bucket, 'k')
      expect(seen.operations).toEqual(['put k', 'delete k'])
      await store.engine.updateBucket(bucket, { description: 'new' })
      await store.engine.deleteBucket(bucket)
      expect(seen.events.slice(2).map(({ type }) => type)).toEqual(['bucket_updated', 'bucket_deleted'])
      seen.stop()
    })

    it('ends when told to, for that follower only', async () => {
      const bucket = await store.bucket()
      const [one, other] = [await record(store.engine, bucket), await record(store.engine, bucket)]
      const first = await store.engine.put(bucket, 'a', text('1'))
      await one.untilCommit(first)
      one.stop()
      one.stop()
      const second = await store.engine.put(bucket, 'b', text('1'))
      await other.untilCommit(second)
      expect(one.operations).toEqual(['put a'])
      expect(other.operations).toEqual(['put a', 'put b'])
      other.stop()
    })

    it('a listener that ends itself is not called again', async () => {
      const bucket = await store.bucket()
      let calls = 0
      const following = store.engine.follow(bucket, () => {
        calls++
        following.stop()
      })
      await following.started
      const seen = await record(store.engine, bucket)
      await Promise.all(['a', 'b', 'c'].map((key) => store.engine.put(bucket, key, text('1'))))
      await seen.until('3 entries', ({ entries }) => entries.length === 3)
      expect(calls).toBe(1)
      seen.stop()
    })

    it('a listener may write, and all see all in order', async () => {
      const bucket = await store.bucket()
      const { started, stop } = store.engine.follow(bucket, (event) => {
        if (event.type === 'entry' && event.entry.key === 'question')
          void store.engine.put(bucket, 'answer', text('42'))
      })
      await started
      const seen = await record(store.engine, bucket)
      await store.engine.put(bucket, 'question', text('?'))
      await seen.until('answer', ({ entries }) => entries.length === 2)
      expect(seen.operations).toEqual(['put question', 'put answer'])
      expect(await read(store.engine, bucket, 'answer')).toBe('42')
      stop()
      seen.stop()
    })

    it('together with the changes before it, misses nothing and tells nothing twice', async () => {
      const bucket = await store.bucket()
      let writing = true
      const writers = [0, 1, 2].map(async (writer) => {
        for (let n = 0; writing; n++) {
          await store.engine.put(bucket, `k${(n * 3 + writer) % 17}`, text(`${writer} ${n}`))
          // An engine that writes at once would leave no turn of the event loop to anything else.
          if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 0))
        }
      })
      for (let round = 0; round < 5; round++) {
        const seen = await record(store.engine, bucket)
        const page = await store.engine.changesSince(bucket, { limit: 1_000 })
        if (page.lost) throw new Error(page.lost)
        const told = seen.entries.length
        await seen.until('20 more', ({ entries }) => entries.length >= told + 20)
        seen.stop()
        // What was followed from the page's revision on, laid over the page, has to be what the store says.
        const followed = seen.entries.filter(({ revision }) => revision > page.position.revision)
        const last = followed.at(-1)?.revision ?? 0
        const folded = new Map([...page.changes, ...followed].map((entry) => [entry.key, entry.revision]))
        for (const entry of await changesAfter(store.engine, bucket)) {
          if (entry.revision <= last) expect(folded.get(entry.key)).toBe(entry.revision)
        }
        const revisions = [...page.changes, ...followed].map(({ revision }) => revision)
        expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b))
      }
      writing = false
      await Promise.all(writers)
    })
  })
}
