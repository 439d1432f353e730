import { describe, expect, it } from 'vitest'
import { record } from './recording'
import { DEFAULTS, type OpenStore, useStore } from './store'
import { changesAfter, listKeys, lossOf, read, text } from './values'

/** How a bucket comes to its next life. `behind`: another program replaces it, and the engine has to notice. */
const WAYS = ['deleted and made again', 'replaced behind the engine’s back'] as const

export function lifeTests(open: OpenStore): void {
  describe('another life of a bucket', () => {
    const store = useStore(open)

    /** A bucket in its second life, and the last commit of its first, which had many more revisions. */
    async function secondLife(way: (typeof WAYS)[number]) {
      const bucket = await store.bucket()
      for (let n = 0; n < 20; n++) await store.engine.put(bucket, `old${n}`, text('old'))
      const old = await store.engine.put(bucket, 'k', text('old'))
      const seen = await record(store.engine, bucket)
      if (way === 'deleted and made again') {
        await store.engine.deleteBucket(bucket)
        await store.engine.createBucket(bucket, DEFAULTS)
      } else {
        await store.replace(bucket)
      }
      await seen.until('end of the first life', ({ events }) => events.some(({ type }) => type === 'bucket_deleted'))
      return { bucket, old, seen }
    }

    for (const way of WAYS) {
      describe(way, () => {
        const lives = (name: string, test: (life: Awaited<ReturnType<typeof secondLife>>) => Promise<void>) =>
          it(name, async () => {
            if (way !== 'deleted and made again' && !store.canReplace) return
            const life = await secondLife(way)
            try {
              await test(life)
            } finally {
              life.seen.stop()
            }
          })

        lives('it is empty, and has another epoch', async ({ bucket, old }) => {
          expect(await listKeys(store.engine, bucket)).toEqual([])
          expect((await store.engine.bucketInfo(bucket))?.epoch).not.toBe(old.epoch)
          expect((await store.engine.put(bucket, 'k', text('new'))).epoch).not.toBe(old.epoch)
        })

        lives('positions of the first life are of another life, however far the second has got', async (life) => {
          const { bucket, old } = life
          expect(await lossOf(store.engine, bucket, old)).toBe('epoch')
          for (let n = 0; n < 30; n++) await store.engine.put(bucket, `new${n}`, text('new'))
          expect(await lossOf(store.engine, bucket, old)).toBe('epoch')
          expect(await changesAfter(store.engine, bucket)).toHaveLength(30)
        })

        lives('followers hear the end of the first life, then the second from its first commit', async (life) => {
          const { bucket, old, seen } = life
          const first = await store.engine.put(bucket, 'k', text('new'))
          await seen.untilCommit(first)
          expect(seen.events).toMatchObject([
            { type: 'bucket_deleted', epoch: old.epoch },
            { type: 'entry', entry: { key: 'k', epoch: first.epoch, revision: first.revision } },
          ])
        })

        lives(
          'an expected revision of the first life is a conflict, even where the second has it, too',
          async (life) => {
            const { bucket, old } = life
            const { revision } = await store.engine.put(bucket, 'k', text('new'))
            const stale = { expectedRevision: revision, expectedEpoch: old.epoch }
            const conflict = { code: 'revision_conflict', currentRevision: revision }
            await expect(store.engine.put(bucket, 'k', text('x'), stale)).rejects.toMatchObject(conflict)
            await expect(store.engine.delete(bucket, 'k', stale)).rejects.toMatchObject(conflict)
            await expect(store.engine.purge(bucket, 'k', stale)).rejects.toMatchObject(conflict)
            expect(await read(store.engine, bucket, 'k')).toBe('new')
          },
        )

        lives('a minimum position of the first life is not waited for', async ({ bucket, old }) => {
          const options = { minPosition: old }
          expect(await store.engine.get(bucket, 'k', options)).toBeUndefined()
          expect(await store.engine.entries(bucket, { ...options, limit: 5, values: true })).toMatchObject({
            entries: [],
          })
        })
      })
    }

    it('an expected epoch is that of the bucket’s present life', async () => {
      const bucket = await store.bucket()
      const { epoch, revision } = await store.engine.put(bucket, 'k', text('1'))
      await store.engine.put(bucket, 'k', text('2'), { expectedRevision: revision, expectedEpoch: epoch })
      expect(await read(store.engine, bucket, 'k')).toBe('2')
    })

    it('an expected epoch is a conflict where there is no bucket', async () => {
      const write = store.engine.put(store.freshName(), 'k', text('1'), { expectedRevision: 5, expectedEpoch: 'gone' })
      await expect(write).rejects.toMatchObject({ code: 'revision_conflict', currentRevision: 0 })
    })

    it('entries, commits, records, pages and events name one epoch', async () => {
      const bucket = await store.bucket()
      const seen = await record(store.engine, bucket)
      const put = await store.engine.put(bucket, 'k', text('1'))
      await seen.untilCommit(put)
      const deleted = await store.engine.delete(bucket, 'k')
      const unchanged = await store.engine.delete(bucket, 'k')
      const [change] = await changesAfter(store.engine, bucket)
      const epochs = [
        (await store.engine.bucketInfo(bucket))?.epoch,
        seen.entries[0]?.epoch,
        (await store.engine.get(bucket, 'k'))?.epoch,
        (await store.engine.history(bucket, 'k', { limit: 5 }))[0]?.epoch,
        (await store.engine.entries(bucket, { limit: 5, values: true })).position.epoch,
        change?.epoch,
        deleted.epoch,
        unchanged.epoch,
      ]
      expect(epochs).toEqual(epochs.map(() => put.epoch))
      seen.stop()
    })
  })
}
