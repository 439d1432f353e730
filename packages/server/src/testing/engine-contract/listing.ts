import { matchesFilter } from '@ironflow/core/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_BUCKET } from '../../engine/queries'
import { type OpenStore, useStore } from './store'
import { lengthOf, listAll, listKeys, show, sum, text } from './values'

const encoder = new TextEncoder()

/** The order of two strings' UTF-8 bytes, worked out the long way. */
function byBytes(a: string, b: string): number {
  const [left, right] = [encoder.encode(a), encoder.encode(b)]
  const index = left.findIndex((byte, at) => byte !== right[at])
  return index < 0 ? left.length - right.length : (left[index] ?? 0) - (right[index] ?? -1)
}

/** Keys of every plane, of which many share beginnings. */
const keys = fc
  .array(
    fc.array(fc.constantFrom('a', 'B', '-', '~', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'), {
      minLength: 1,
      maxLength: 3,
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((tokens) => tokens.map((token) => token.join('')).join('.'))

const filters = fc
  .tuple(fc.array(fc.constantFrom('a', 'B', '😀', '*'), { maxLength: 2 }), fc.constantFrom('>', '*', 'a', '😀'))
  .map(([tokens, last]) => [...tokens, last].join('.'))

export function listingTests(open: OpenStore): void {
  describe('listings', () => {
    const store = useStore(open)

    async function filled(...names: string[]): Promise<string> {
      const bucket = await store.bucket()
      await Promise.all(names.map((name) => store.engine.put(bucket, name, text(`value of ${name}`))))
      return bucket
    }

    it('keys come in the order of their UTF-8 bytes', async () => {
      // In UTF-16, which JavaScript compares, the astral characters would come before U+E000 and U+FFFF.
      const ordered = [
        '!',
        'A',
        'Z',
        'a',
        'a-b',
        'a.b',
        'a/b',
        'aa',
        'é',
        '\ud7ff',
        '\ue000',
        '\uffff',
        '😀',
        '\u{10ffff}',
      ]
      const bucket = await filled(...[...ordered].reverse())
      expect(await listKeys(store.engine, bucket)).toEqual(ordered)
    })

    it('entries carry their values only where asked to', async () => {
      const bucket = await filled('k')
      const kept = await store.engine.get(bucket, 'k')
      expect((await store.engine.entries(bucket, { limit: 5, values: true })).entries).toEqual([kept])
      const { value, ...bare } = kept ?? {}
      expect((await store.engine.entries(bucket, { limit: 5, values: false })).entries).toEqual([bare])
    })

    it('keys without a value are not listed', async () => {
      const bucket = await filled('deleted', 'kept', 'purged')
      await store.engine.delete(bucket, 'deleted')
      await store.engine.purge(bucket, 'purged')
      expect(await listKeys(store.engine, bucket)).toEqual(['kept'])
    })

    it('an absent bucket is an empty one', async () => {
      const page = await store.engine.entries(store.freshName(), { limit: 5, values: true })
      expect(page).toMatchObject({ entries: [], position: NO_BUCKET })
      expect(page.next).toBeUndefined()
    })

    it('a page says the position it was read at', async () => {
      const bucket = await store.bucket()
      const { epoch, revision } = await store.engine.put(bucket, 'k', text('v'))
      const { position } = await store.engine.entries(bucket, { limit: 5, values: true })
      expect(position.epoch).toBe(epoch)
      expect(position.revision).toBeGreaterThanOrEqual(revision)
      expect((await store.engine.put(bucket, 'k', text('w'))).revision).toBeGreaterThan(position.revision)
    })

    it('no page is longer than its limit, and the pages together are everything once', async () => {
      const names = Array.from({ length: 25 }, (_, n) => `k${String(n).padStart(2, '0')}`)
      const bucket = await filled(...names)
      for (const limit of [1, 7, 25, 26]) {
        const page = await store.engine.entries(bucket, { limit, values: false })
        expect(page.entries.length).toBeLessThanOrEqual(limit)
        expect((await listAll(store.engine, bucket, { limit })).map(({ key }) => key)).toEqual(names)
      }
    })

    it('after is a place in the order, whether there is such a key or not', async () => {
      const bucket = await filled('a', 'c', 'e')
      const beyond = async (after: string) => (await listAll(store.engine, bucket, { after })).map(({ key }) => key)
      expect(await beyond('a')).toEqual(['c', 'e'])
      expect(await beyond('b')).toEqual(['c', 'e'])
      expect(await beyond('e')).toEqual([])
    })

    it('filters go by tokens', async () => {
      const bucket = await filled('user', 'user.1', 'user.1.name', 'user.2', 'users.1', 'user-x.1', 'user.😀', '1.user')
      const matching = (filter: string) => listKeys(store.engine, bucket, filter)
      expect(await matching('user.*')).toEqual(['user.1', 'user.2', 'user.😀'])
      expect(await matching('user.>')).toEqual(['user.1', 'user.1.name', 'user.2', 'user.😀'])
      expect(await matching('*.1')).toEqual(['user-x.1', 'user.1', 'users.1'])
      expect(await matching('user')).toEqual(['user'])
      expect(await matching('user.*.name')).toEqual(['user.1.name'])
      expect(await matching('>')).toHaveLength(8)
      expect(await matching('nobody.>')).toEqual([])
    })

    it('of several filters any admits a key, which comes once and in its place', async () => {
      const bucket = await filled('a', 'a.1', 'a.1.x', 'a.2', 'a/b', 'b.1', 'b.2', 'c')
      const matching = (...filters: string[]) => listKeys(store.engine, bucket, ...filters)
      expect(await matching('c', 'a')).toEqual(['a', 'c'])
      expect(await matching('b.*', 'a.*', 'a.>', 'a.1', 'a')).toEqual(['a', 'a.1', 'a.1.x', 'a.2', 'b.1', 'b.2'])
      expect(await matching('*.1', 'b.>', 'none')).toEqual(['a.1', 'b.1', 'b.2'])
      expect(await matching('b.2', '>')).toHaveLength(8)
      expect((await listAll(store.engine, bucket, { filters: ['c', 'a.>'], limit: 1 })).map(({ key }) => key)).toEqual([
        'a.1',
        'a.1.x',
        'a.2',
        'c',
      ])
    })

    it('a page of values ends before it has more bytes than it may, but not without an entry', async () => {
      const bucket = await store.bucket()
      const sizes = [300, 300, 300, 1_500, 10, 10]
      for (const [index, size] of sizes.entries())
        await store.engine.put(bucket, `k${index}`, text('é'.repeat(size / 2)))
      const pages: number[][] = []
      let after: string | undefined
      do {
        const page = await store.engine.entries(bucket, { limit: 100, bytes: 1_000, values: true, after })
        pages.push(page.entries.map(({ value }) => lengthOf(value)))
        after = page.next
      } while (after !== undefined)
      expect(pages.flat()).toEqual(sizes)
      for (const page of pages) expect(page.length === 1 || sum(page) <= 1_000, `${page}`).toBe(true)
      const keys = await store.engine.entries(bucket, { limit: 100, bytes: 1_000, values: false })
      expect(keys.entries).toHaveLength(6)
    })

    it('a filter that few of many keys pass finds them, however its pages fall', async () => {
      const bucket = await filled(...Array.from({ length: 300 }, (_, n) => `${n % 7 ? 'common' : 'rare'}.${n}`))
      expect(await listKeys(store.engine, bucket, '*.294')).toEqual(['rare.294'])
      expect(await listAll(store.engine, bucket, { filters: ['rare.*'], limit: 3 })).toHaveLength(43)
    })

    it('a listing agrees with the rules for order and filters on any keys', async () => {
      const property = fc.asyncProperty(
        fc.uniqueArray(keys, { maxLength: 25 }),
        fc.array(filters, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 6 }),
        async (names, wanted, limit) => {
          const bucket = await filled(...names)
          const expected = names.filter((name) => wanted.some((each) => matchesFilter(name, each))).sort(byBytes)
          expect((await listAll(store.engine, bucket, { filters: wanted, limit })).map(({ key }) => key)).toEqual(
            expected,
          )
          expect(await listKeys(store.engine, bucket)).toEqual([...names].sort(byBytes))
        },
      )
      await fc.assert(property, { numRuns: 25 })
    })

    it('while others write, a listing loses no key that is there throughout', async () => {
      const steady = Array.from({ length: 40 }, (_, n) => `steady.${String(n).padStart(2, '0')}`)
      const bucket = await filled(...steady)
      let round = 0
      const disturb = async () => {
        const n = round++ % 40
        await Promise.all([
          store.engine.put(bucket, `a.${n}`, text('before the cursor')),
          store.engine.put(bucket, `z.${n}`, text('after it')),
          store.engine.put(bucket, steady[n] ?? '', text('changed')),
          store.engine.delete(bucket, `a.${n - 1}`),
          store.engine.delete(bucket, `z.${n - 1}`),
        ])
      }
      const found = (await listAll(store.engine, bucket, { limit: 3 }, disturb)).map(({ key }) => key)
      expect(found.filter((key) => key.startsWith('steady.'))).toEqual(steady)
      expect(new Set(found).size).toBe(found.length)
    })

    it('entries hold the value of their revision', async () => {
      const bucket = await filled('a', 'b')
      await store.engine.put(bucket, 'a', text('newer'))
      for (const entry of await listAll(store.engine, bucket)) {
        expect(show(await store.engine.get(bucket, entry.key, { revision: entry.revision }))).toBe(show(entry))
      }
    })
  })
}
