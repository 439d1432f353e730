import { describe, expect, test } from 'vitest'
import { ConflatingQueue } from '../../src/watch/conflating-queue'
import { failure } from '../fake-transport'

/** Reads all that comes until it is over. */
async function rest<E>(queue: ConflatingQueue<E>): Promise<E[]> {
  const events: E[] = []
  for (let result = await queue.next(); !result.done; result = await queue.next()) events.push(result.value)
  return events
}

describe('events that wait', () => {
  test('come in the order in which they happened', async () => {
    const queue = new ConflatingQueue<string>()
    for (const key of ['c', 'a', 'b']) queue.push(key, `${key}1`)
    expect([(await queue.next()).value, (await queue.next()).value, (await queue.next()).value]).toEqual([
      'c1',
      'a1',
      'b1',
    ])
  })

  test('are of each key the newest, where that happened (W26)', async () => {
    const queue = new ConflatingQueue<string>()
    queue.push('a', 'a1')
    queue.push('b', 'b1')
    queue.push('a', 'a2')
    expect([(await queue.next()).value, (await queue.next()).value]).toEqual(['b1', 'a2'])
  })

  test('are told again after they were read, where there is a newer one', async () => {
    const queue = new ConflatingQueue<string>()
    queue.push('a', 'a1')
    expect((await queue.next()).value).toBe('a1')
    queue.push('a', 'a2')
    expect((await queue.next()).value).toBe('a2')
  })

  test('are gone when it is over', async () => {
    const queue = new ConflatingQueue<string>()
    queue.push('a', 'a1')
    queue.close()
    expect(await rest(queue)).toEqual([])
  })

  test('are read before the error that ended it', async () => {
    const queue = new ConflatingQueue<string>()
    queue.push('a', 'a1')
    queue.close(new Error('wrong'))
    expect((await queue.next()).value).toBe('a1')
    expect((await failure(queue.next())).message).toBe('wrong')
  })
})

describe('readers that wait', () => {
  test('get one event each, in their order', async () => {
    const queue = new ConflatingQueue<string>()
    const both = Promise.all([queue.next(), queue.next()])
    queue.push('a', 'a1')
    queue.push('a', 'a2')
    expect((await both).map(({ value }) => value)).toEqual(['a1', 'a2'])
  })

  test('learn that it is over', async () => {
    const queue = new ConflatingQueue<string>()
    const both = Promise.all([queue.next(), queue.next()])
    queue.close()
    expect(await both).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
  })

  test('learn which error it was', async () => {
    const queue = new ConflatingQueue<string>()
    const next = queue.next()
    queue.close(new Error('wrong'))
    expect((await failure(next)).message).toBe('wrong')
  })
})

test('nothing comes after the end, and there is only one', async () => {
  const queue = new ConflatingQueue<string>()
  queue.close()
  queue.close(new Error('too late'))
  queue.push('a', 'a1')
  expect(await rest(queue)).toEqual([])
})
