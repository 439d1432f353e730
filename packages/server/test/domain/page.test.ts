import { expect, test } from 'vitest'
import { PageReader } from '../../src/domain/page'
import type { StoredValue } from '../../src/engine/entry'
import { Harness } from '../support/harness'

const KIB = 1_024

/** Pages of the list, each as the number of its bytes on the wire and of its items. */
async function pagesOf(harness: Harness, target: string): Promise<{ bytes: number; count: number }[]> {
  const pages: { bytes: number; count: number }[] = []
  for (let cursor = ''; ; ) {
    const { text, json } = await harness.get(`${target}${cursor}`)
    pages.push({ bytes: new TextEncoder().encode(text).length, count: json.count })
    if (!json.nextCursor) return pages
    cursor = `&cursor=${json.nextCursor}`
  }
}

const contents: Record<string, readonly [type: string, body: string | Uint8Array]> = {
  JSON: ['application/json', JSON.stringify('x'.repeat(20 * KIB))],
  'text of umlauts': ['text/plain', 'ü'.repeat(10 * KIB)],
  'text that needs escapes': ['text/plain', '\u0001"'.repeat(10 * KIB)],
  bytes: ['application/octet-stream', new Uint8Array(20 * KIB)],
}

test.each(Object.keys(contents))('a page of %s has no more bytes on the wire than pageBytes', async (name) => {
  const [type, body] = contents[name] as (typeof contents)[string]
  const harness = new Harness({ limits: { pageBytes: 100 * KIB } })
  for (let n = 10; n < 30; n++) await harness.put(`b/keys/k${n}`, body, { headers: { 'content-type': type } })
  const pages = await pagesOf(harness, 'b/keys?values=true')
  expect(pages.reduce((sum, { count }) => sum + count, 0)).toBe(20)
  for (const { bytes, count } of pages) expect(bytes <= 100 * KIB || count === 1, `${count}: ${bytes}`).toBe(true)
})

test('a page of a history has no more bytes on the wire than pageBytes', async () => {
  const harness = new Harness({ limits: { pageBytes: 100 * KIB } })
  await harness.request('POST', '/api/v1/kv/buckets', { body: { name: 'b', history: 20 } })
  for (let n = 0; n < 20; n++) await harness.put('b/keys/a', JSON.stringify('x'.repeat(30 * KIB)))
  const pages = await pagesOf(harness, 'b/keys/a?history=true')
  expect(pages.map(({ count }) => count)).toEqual([3, 3, 3, 3, 3, 3, 2])
})

test('a page of the versions of a document has no more bytes on the wire than pageBytes', async () => {
  const harness = new Harness({ limits: { pageBytes: 100 * KIB } })
  const body = { text: 'x'.repeat(30 * KIB) }
  for (let n = 0; n < 5; n++) await harness.request('POST', '/api/v1/config/limits', { body })
  const { json } = await harness.request('GET', '/api/v1/config/limits/history')
  expect(json.count).toBe(3)
  const rest = await harness.request('GET', `/api/v1/config/limits/history?cursor=${json.nextCursor}`)
  expect([rest.json.count, rest.json.nextCursor]).toEqual([2, undefined])
})

test('a single value beyond pageBytes is a page of its own', async () => {
  const harness = new Harness({ limits: { pageBytes: 10 * KIB } })
  for (const name of ['a', 'b', 'c']) await harness.put(`b/keys/${name}`, JSON.stringify('x'.repeat(20 * KIB)))
  expect((await pagesOf(harness, 'b/keys?values=true')).map(({ count }) => count)).toEqual([1, 1, 1])
})

test('PageReader: reads chunks that are bounded in items and bytes, and gives way after each', async () => {
  const asked: { limit: number; bytes: number; turn: number }[] = []
  let turn = 0
  let isDone = false
  const count = () => {
    turn++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const value: StoredValue = { encoding: 'text', text: 'x' }
  const read = async (after = 0, limit: number, bytes: number) => {
    asked.push({ limit, bytes, turn })
    const items = Array.from({ length: limit }, (_, n) => ({ key: `${after + n}`, value }))
    return { items, next: after + limit }
  }
  const source = { read, placeOf: ({ key }: { key: string }) => Number(key) + 1 }
  const { items, next } = await new PageReader().fill({ items: 900, bytes: 4_194_304 }, undefined, source)
  isDone = true
  expect(items.map(({ key }) => Number(key))).toEqual(Array.from({ length: 900 }, (_, n) => n))
  expect(next).toBe(900)
  expect(asked.map(({ limit }) => limit)).toEqual([250, 250, 250, 150])
  expect(Math.max(...asked.map(({ bytes }) => bytes))).toBe(1_048_576)
  expect(new Set(asked.map((each) => each.turn)).size).toBe(4)
})

test('PageReader: of a hundred pages it reads eight at once, and all of them in the end', async () => {
  const pages = new PageReader()
  let reading = 0
  let most = 0
  const read = async (after = 0, limit: number) => {
    if (after === 0) most = Math.max(most, ++reading)
    const items = Array.from({ length: limit }, (_, n) => ({ key: `${after + n}` }))
    if (after + limit === 600) reading--
    return { items, next: after + limit }
  }
  const source = { read, placeOf: ({ key }: { key: string }) => Number(key) + 1 }
  const fill = async () => {
    const { items } = await pages.fill({ items: 600, bytes: 4_194_304 }, undefined, source)
    return items.length
  }
  expect(await Promise.all(Array.from({ length: 100 }, fill))).toEqual(Array(100).fill(600))
  expect(most).toBe(8)
})

test('PageReader: a page that cannot be read leaves its place to another', async () => {
  const pages = new PageReader()
  const failing = { read: () => Promise.reject(new Error('the disk is gone')), placeOf: () => 0 }
  const bounds = { items: 1, bytes: 1 }
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => pages.fill(bounds, undefined, failing)))
  expect(results.map(({ status }) => status)).toEqual(Array(20).fill('rejected'))
})
