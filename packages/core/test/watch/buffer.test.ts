import { describe, expect, test } from 'vitest'
import { Buffer } from '../../src/watch/buffer'
import { failure } from '../fake-transport'

/** Reads all that comes until it is over. */
async function rest<E>(buffer: Buffer<E>): Promise<E[]> {
  const events: E[] = []
  for (let result = await buffer.next(); !result.done; result = await buffer.next()) events.push(result.value)
  return events
}

describe('events that wait', () => {
  test('come in the order in which they happened', async () => {
    const buffer = new Buffer<string>()
    for (const key of ['c', 'a', 'b']) buffer.push(key, `${key}1`)
    expect([(await buffer.next()).value, (await buffer.next()).value, (await buffer.next()).value]).toEqual([
      'c1',
      'a1',
      'b1',
    ])
  })

  test('are of each key the newest, where that happened', async () => {
    const buffer = new Buffer<string>()
    buffer.push('a', 'a1')
    buffer.push('b', 'b1')
    buffer.push('a', 'a2')
    expect([(await buffer.next()).value, (await buffer.next()).value]).toEqual(['b1', 'a2'])
  })

  test('are told again after they were read, where there is a newer one', async () => {
    const buffer = new Buffer<string>()
    buffer.push('a', 'a1')
    expect((await buffer.next()).value).toBe('a1')
    buffer.push('a', 'a2')
    expect((await buffer.next()).value).toBe('a2')
  })

  test('are gone when it is over', async () => {
    const buffer = new Buffer<string>()
    buffer.push('a', 'a1')
    buffer.close()
    expect(await rest(buffer)).toEqual([])
  })

  test('are read before the error that ended it', async () => {
    const buffer = new Buffer<string>()
    buffer.push('a', 'a1')
    buffer.close(new Error('wrong'))
    expect((await buffer.next()).value).toBe('a1')
    expect((await failure(buffer.next())).message).toBe('wrong')
  })
})

describe('readers that wait', () => {
  test('get one event each, in their order', async () => {
    const buffer = new Buffer<string>()
    const both = Promise.all([buffer.next(), buffer.next()])
    buffer.push('a', 'a1')
    buffer.push('a', 'a2')
    expect((await both).map(({ value }) => value)).toEqual(['a1', 'a2'])
  })

  test('learn that it is over', async () => {
    const buffer = new Buffer<string>()
    const both = Promise.all([buffer.next(), buffer.next()])
    buffer.close()
    expect(await both).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ])
  })

  test('learn which error it was', async () => {
    const buffer = new Buffer<string>()
    const next = buffer.next()
    buffer.close(new Error('wrong'))
    expect((await failure(next)).message).toBe('wrong')
  })
})

test('nothing comes after the end, and there is only one', async () => {
  const buffer = new Buffer<string>()
  buffer.close()
  buffer.close(new Error('too late'))
  buffer.push('a', 'a1')
  expect(await rest(buffer)).toEqual([])
})
