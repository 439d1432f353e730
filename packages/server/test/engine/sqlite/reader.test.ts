import { expect, it } from 'vitest'
import type { Entry } from '../../../src/engine/entry'
import { openForTest, temporaryDirectory, text } from './store-directory'

it('a page of large values ends early, and the next ones bring the rest', async () => {
  const engine = await openForTest(await temporaryDirectory())
  const keys = Array.from({ length: 20 }, (_, n) => `k${String(n).padStart(2, '0')}`)
  for (const key of keys) await engine.put('b', key, text(key.repeat(300_000)))
  const found: string[] = []
  let after: string | undefined
  do {
    const page = await engine.entries('b', { limit: 100, values: true, after })
    expect(page.entries.length).toBeLessThan(15)
    found.push(...page.entries.map(({ key }) => key))
    after = page.next
  } while (after !== undefined)
  expect(found).toEqual(keys)

  const changes: Entry[] = []
  for (let more = true; more; ) {
    const last = changes.at(-1)
    const page = await engine.changesSince('b', { after: last && { ...last, time: last.createdAt }, limit: 100 })
    if (page.lost) throw new Error(page.lost)
    expect(page.changes.length).toBeLessThan(15)
    changes.push(...page.changes)
    more = page.more
  }
  expect(changes.map(({ key }) => key)).toEqual(keys)
})

it('one page looks at a bounded number of keys, and the next goes on from there', async () => {
  const engine = await openForTest(await temporaryDirectory())
  await Promise.all(Array.from({ length: 4_500 }, (_, n) => engine.put('b', `common.${n}`, text(''))))
  await engine.put('b', 'zebra.rare', text(''))
  const found: string[] = []
  let pages = 0
  for (let after: string | undefined; ; pages++) {
    const page = await engine.entries('b', { filters: ['*.rare'], limit: 10, values: false, after })
    found.push(...page.entries.map(({ key }) => key))
    if (page.next === undefined) break
    after = page.next
  }
  expect(found).toEqual(['zebra.rare'])
  expect(pages).toBeGreaterThan(1)
})

it('reads go on while the thread that writes is busy', async () => {
  const engine = await openForTest(await temporaryDirectory())
  await engine.put('b', 'k', text('v'))
  const writes = Array.from({ length: 5_000 }, (_, n) => engine.put('b', `k${n}`, text('x'.repeat(2_000))))
  let pending = true
  const written = Promise.all(writes).then(() => {
    pending = false
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(await engine.get('b', 'k')).toMatchObject({ value: text('v') })
  expect(pending).toBe(true)
  await written
})
