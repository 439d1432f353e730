import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StoredValue } from '../../engine/entry'
import { type OpenStore, useStore } from './store'
import { bytes, json, text } from './values'

const EXAMPLES: Record<string, StoredValue> = {
  'JSON to the letter': json(' { "b": 1.0,\n"a": 1e2, "a": "\\u00e9", "n": 12345678901234567890 } '),
  'JSON null': json('null'),
  'an empty string': text(''),
  'a string of digits': text('007'),
  'a string with a NUL': text('a\u0000b'),
  'a string of every plane': text('é€😀\u{10ffff}\ufffd\ue000\r\n'),
  'a string with a byte order mark': text('\ufeffx'),
  'no bytes': bytes(),
  'every byte': bytes(...Array.from({ length: 256 }, (_, byte) => byte)),
  'a large string': text('0123456789'.repeat(9_000)),
  'many bytes': { encoding: 'base64', bytes: new Uint8Array(9_000).fill(7) },
}

export function valueTests(open: OpenStore): void {
  describe('values', () => {
    const store = useStore(open)

    for (const [what, value] of Object.entries(EXAMPLES)) {
      it(`${what} comes back as it went in`, async () => {
        const bucket = await store.bucket()
        const { revision } = await store.engine.put(bucket, 'k', value)
        expect((await store.engine.get(bucket, 'k'))?.value).toEqual(value)
        expect((await store.engine.get(bucket, 'k', { revision }))?.value).toEqual(value)
        expect((await store.engine.history(bucket, 'k', { limit: 1 }))[0]?.value).toEqual(value)
        expect((await store.engine.entries(bucket, { limit: 1, values: true })).entries[0]?.value).toEqual(value)
        expect((await store.engine.changesSince(bucket, { limit: 1 })) as object).toMatchObject({
          changes: [{ value }],
        })
      })
    }

    it('any value comes back as it went in', async () => {
      const bucket = await store.bucket()
      const values = fc.oneof(
        fc.json().map(json),
        fc.string({ unit: 'binary' }).map(text),
        fc.uint8Array({ maxLength: 300 }).map((each): StoredValue => ({ encoding: 'base64', bytes: each })),
      )
      const put = async (value: StoredValue) => {
        await store.engine.put(bucket, 'k', value)
        expect((await store.engine.get(bucket, 'k'))?.value).toEqual(value)
      }
      await fc.assert(fc.asyncProperty(values, put), { numRuns: 60 })
    })

    it('text with half a character in it is refused, not changed', async () => {
      const bucket = await store.bucket()
      for (const value of [text('\ud800'), text('a\udc00b'), json('"\ud83d"')]) {
        await expect(store.engine.put(bucket, 'k', value)).rejects.toMatchObject({ code: 'invalid_request' })
      }
      expect(await store.engine.get(bucket, 'k')).toBeUndefined()
    })

    it("a value is the store's own: what callers do to their bytes does not reach it", async () => {
      const bucket = await store.bucket()
      const whole = new Uint8Array(64).fill(1)
      const mine = whole.subarray(10, 13)
      const writing = store.engine.put(bucket, 'k', { encoding: 'base64', bytes: mine })
      mine.fill(9)
      await writing
      const got = await store.engine.get(bucket, 'k')
      expect(got?.value).toEqual(bytes(1, 1, 1))
      if (got?.value?.encoding === 'base64') got.value.bytes.fill(8)
      expect((await store.engine.get(bucket, 'k'))?.value).toEqual(bytes(1, 1, 1))
    })
  })
}
