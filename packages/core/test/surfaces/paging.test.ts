import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clientOver, failure } from '../fake-transport'

/** A script that hands out `all` in pages of `size`, as a server does. */
function listing(all: readonly unknown[], size: number, name: string) {
  return (call: { params: unknown }) => {
    const { cursor = '0', limit = size } = call.params as { cursor?: string; limit?: number }
    const start = Number(cursor)
    const end = start + Math.min(limit, size)
    return { [name]: all.slice(start, end), nextCursor: end < all.length ? String(end) : undefined }
  }
}

test('a list comes whole and in order, whatever the size of the pages', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string()), fc.integer({ min: 1, max: 7 }), async (keys, size) => {
      const { client, transport } = clientOver(listing(keys, size, 'keys'))
      expect(await client.kv().bucket('b').listKeys()).toEqual(keys)
      expect(transport.calls).toHaveLength(Math.max(1, Math.ceil(keys.length / size)))
    }),
  )
})

test('the first items are all that is asked for where there is a limit', async () => {
  const entries = Array.from({ length: 2500 }, (_, revision) => ({ bucket: 'b', key: 'k', revision }))
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2600 }), fc.integer({ min: 1, max: 1000 }), async (limit, size) => {
      const { client, transport } = clientOver(listing(entries, size, 'entries'))
      const history = await client.kv().bucket('b').history('k', { limit })
      expect(history.map((entry) => entry.revision)).toEqual(entries.slice(0, limit).map((entry) => entry.revision))
      for (const call of transport.calls) expect((call.params as { limit: number }).limit).toBeLessThanOrEqual(1000)
    }),
    { numRuns: 25 },
  )
})

test('a server that sends more than the limit is cut short', async () => {
  const versions = [4, 3, 2, 1].map((revision) => ({ name: 'a', revision, operation: 'put', data: {} }))
  const { client, transport } = clientOver(() => ({ versions, nextCursor: 'more' }))
  expect(await client.config().history('a', { limit: 3 })).toEqual(versions.slice(0, 3))
  expect(transport.calls).toHaveLength(1)
})

test('an empty page in between is not the end', async () => {
  const { client } = clientOver((_, attempt) => ({
    keys: attempt === 2 ? [] : [`k${attempt}`],
    nextCursor: attempt < 3 ? `c${attempt}` : undefined,
  }))
  expect(await client.kv().bucket('b').listKeys()).toEqual(['k1', 'k3'])
})

test('a page of more items than a call takes arguments is fine', async () => {
  const keys = Array.from({ length: 300_000 }, (_, index) => String(index))
  const { client } = clientOver(() => ({ keys }))
  expect(await client.kv().bucket('b').listKeys()).toHaveLength(300_000)
})

describe('a server that would never come to an end', () => {
  test.each<[string, string[]]>([
    ['the same cursor twice in a row', ['a', 'a']],
    ['the same cursor after another', ['a', 'b', 'a']],
  ])('with %s is told so, through onError too', async (_, cursors) => {
    const { client, failures, transport } = clientOver((_call, attempt) => ({
      keys: ['k'],
      nextCursor: cursors[attempt - 1],
    }))
    const error = await failure(client.kv().bucket('b').listKeys())
    expect(error).toMatchObject({ code: 'invalid_response', method: 'kv.keys' })
    expect([failures.length, transport.calls.length]).toEqual([1, cursors.length])
  })

  test.each([null, 5, {}])('with the cursor %j is told so', async (nextCursor) => {
    const { client } = clientOver(() => ({ keys: [], nextCursor }))
    expect(await failure(client.kv().bucket('b').listKeys())).toMatchObject({ code: 'invalid_response' })
  })
})

test('a page is fetched when it is asked for, and none after the reader has left', async () => {
  const { client, transport } = clientOver(listing(['a', 'b', 'c', 'd', 'e'], 2, 'keys'))
  const read: string[] = []
  for await (const key of client.kv().bucket('b').keys()) {
    read.push(key)
    expect(transport.calls).toHaveLength(Math.ceil(read.length / 2))
    if (read.length === 3) break
  }
  expect([read, transport.calls.length]).toEqual([['a', 'b', 'c'], 2])
})

test('a failure half-way reaches the reader after the items before it', async () => {
  const { client, failures } = clientOver((_, attempt) => {
    if (attempt === 2) return { keys: 'none' }
    return { keys: ['a'], nextCursor: 'next' }
  })
  const read: string[] = []
  const reading = async () => {
    for await (const key of client.kv().bucket('b').keys()) read.push(key)
  }
  expect(await failure(reading())).toMatchObject({ code: 'invalid_response' })
  expect([read, failures.length]).toEqual([['a'], 1])
})

test('an abort between pages ends the listing', async () => {
  const controller = new AbortController()
  const { client } = clientOver(listing(['a', 'b', 'c'], 1, 'keys'))
  const keys = client.kv().bucket('b').keys(undefined, { signal: controller.signal })
  expect(await keys.next()).toEqual({ done: false, value: 'a' })
  controller.abort()
  expect(await failure(keys.next())).toMatchObject({ code: 'aborted' })
})

test('the cursor of a page goes with the call for the next', async () => {
  const { client, transport } = clientOver((_, attempt) => ({ keys: [], nextCursor: ['x', 'y'][attempt - 1] }))
  await client.kv().bucket('b').listKeys()
  expect(transport.calls.map((_, index) => transport.params(index).cursor)).toEqual([undefined, 'x', 'y'])
})
