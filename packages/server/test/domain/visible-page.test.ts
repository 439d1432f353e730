import { expect, onTestFinished, test } from 'vitest'
import { visiblePage } from '../../src/domain/visible-page'

const NAMES = Array.from({ length: 10_000 }, (_, index) => String(index).padStart(5, '0'))

/** Reads from the names above, hides most of them, and counts what it read. */
function reader(isVisible: (name: string) => boolean) {
  const chunks: number[] = []
  const read = async (after: string | undefined, limit: number) => {
    const start = after === undefined ? 0 : NAMES.indexOf(after) + 1
    const names = NAMES.slice(start, start + limit)
    chunks.push(names.length)
    return { items: names.filter(isVisible), next: start + limit < NAMES.length ? names.at(-1) : undefined }
  }
  return { chunks, read }
}

const nameOf = (name: string) => name

test('a page of which everything is visible takes one read, of one item more than it shows', async () => {
  const { chunks, read } = reader(() => true)
  const page = await visiblePage(100, undefined, read, nameOf)
  expect(page).toEqual({ items: NAMES.slice(0, 100), next: NAMES[99] })
  expect(chunks).toEqual([101])
})

test('a page goes on from the name it is given', async () => {
  const { read } = reader(() => true)
  expect((await visiblePage(2, '09996', read, nameOf)).items).toEqual(['09997', '09998'])
  expect(await visiblePage(2, '09997', read, nameOf)).toEqual({ items: ['09998', '09999'], next: undefined })
})

test('hidden items are passed over in reads of bounded size, with a turn of the event loop between any two', async () => {
  const { chunks, read } = reader((name) => name > '09990')
  let turn = 0
  const counter = setInterval(() => turn++, 0)
  onTestFinished(() => clearInterval(counter))
  const turns = new Set<number>()
  const noted: typeof read = async (...args) => {
    turns.add(turn)
    return read(...args)
  }
  expect(await visiblePage(1, undefined, noted, nameOf)).toEqual({ items: ['09991'], next: '09991' })
  expect(Math.max(...chunks)).toBeLessThanOrEqual(1_024)
  expect(chunks.length).toBeLessThan(20)
  expect(turns.size).toBe(chunks.length)
})

test('a full page after which nothing visible follows has no place to go on from, whatever is hidden there', async () => {
  const { read } = reader((name) => name < '00002')
  expect(await visiblePage(2, undefined, read, nameOf)).toEqual({ items: ['00000', '00001'], next: undefined })
})

test('a page ends where the next item would have it beyond its bytes, but has one item always', async () => {
  const { read } = reader(() => true)
  const bound = (bytes: number) => ({ bytes, bytesOf: () => 10 })
  const page = (bytes: number) => visiblePage(100, undefined, read, nameOf, bound(bytes))
  expect(await page(35)).toEqual({ items: NAMES.slice(0, 3), next: NAMES[2] })
  expect(await page(40)).toEqual({ items: NAMES.slice(0, 4), next: NAMES[3] })
  expect(await page(1)).toEqual({ items: NAMES.slice(0, 1), next: NAMES[0] })
  expect(await visiblePage(5, '09998', read, nameOf, bound(1))).toEqual({ items: ['09999'], next: undefined })
})
