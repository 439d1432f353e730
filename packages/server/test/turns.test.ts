import { expect, test } from 'vitest'
import { Turns } from '../src/turns'

/** Runs pieces of several owners and notes which ran in which turn of the event loop. */
async function record(turns: Turns, pieces: Readonly<Record<string, number>>): Promise<string[][]> {
  const log: string[][] = []
  let left = 0
  for (const [name, count] of Object.entries(pieces)) {
    const owner = {}
    for (let index = 0; index < count; index++) {
      left++
      void turns.next(owner).then(() => {
        log.at(-1)?.push(name)
        left--
      })
    }
  }
  while (left > 0) {
    log.push([])
    await new Promise((resolve) => setImmediate(resolve))
  }
  return log
}

test('Turns: a turn of the event loop has one piece', async () => {
  const log = await record(new Turns(), { a: 5, b: 3 })
  expect(log.flat()).toHaveLength(8)
  expect(Math.max(...log.map(({ length }) => length))).toBe(1)
})

test('Turns: an owner with many pieces does not hold up one with few', async () => {
  const order = (await record(new Turns(), { crowd: 6, one: 2, two: 1 })).flat()
  expect(order.join(' ')).toBe('crowd one two crowd one crowd crowd crowd crowd')
})

test('Turns: one that comes again later is served again', async () => {
  const turns = new Turns()
  expect(await record(turns, { a: 1 })).toEqual([[], ['a']].slice(1))
  expect((await record(turns, { b: 2 })).flat()).toEqual(['b', 'b'])
})
