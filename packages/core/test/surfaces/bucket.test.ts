import { describe, expect, test } from 'vitest'
import { errorFor, NotFoundError } from '../../src/errors/kinds'
import { RawJson } from '../../src/protocol/json'
import { clientOver, failure } from '../fake-transport'

const wire = { bucket: 'b', key: 'k', revision: 3, epoch: 'e', createdAt: 'now', operation: 'put' }
const gone = () => {
  throw errorFor('not_found', 'gone')
}

describe('a value', () => {
  test.each([
    ['json', { a: 1 }, { a: 1 }],
    ['json', null, null],
    ['json', false, false],
    ['text', '', ''],
    ['base64', 'AP8=', Uint8Array.of(0, 255)],
    ['base64', '', new Uint8Array()],
  ])('that travels as %s %j is %o', async (encoding, value, decoded) => {
    const { client } = clientOver(() => ({ ...wire, value, encoding }))
    expect(await client.kv().bucket('b').get('k')).toStrictEqual({ ...wire, value: decoded })
  })

  test('in broken base64 is an answer that cannot be used', async () => {
    const { client, failures } = clientOver(() => ({ ...wire, value: '!', encoding: 'base64' }))
    expect(await failure(client.kv().bucket('b').get('k'))).toMatchObject({
      code: 'invalid_response',
      method: 'kv.get',
    })
    expect(failures).toHaveLength(1)
  })

  test.each<[unknown, object]>([
    [{ a: 1 }, { encoding: 'json', value: new RawJson('{"a":1}') }],
    ['text', { encoding: 'text', value: 'text' }],
    [null, { encoding: 'json', value: new RawJson('null') }],
    [Uint8Array.of(1), { encoding: 'base64', value: Uint8Array.of(1) }],
  ])('%o goes the way it can be told from others', async (value, sent) => {
    const { client, transport } = clientOver(() => ({ revision: 1 }))
    const bucket = client.kv().bucket('b')
    await bucket.put('k', value, { ttlSeconds: 60 })
    await bucket.create('k', value)
    await bucket.update('k', value, 7)
    expect(transport.methods).toEqual(['kv.put', 'kv.create', 'kv.update'])
    expect(transport.calls.map((call) => call.params)).toEqual([
      { bucket: 'b', key: 'k', ...sent, ttlSeconds: 60 },
      { bucket: 'b', key: 'k', ...sent },
      { bucket: 'b', key: 'k', ...sent, ifRevision: 7 },
    ])
  })
})

test('an update of an entry that was read expects its revision in its own life of the bucket', async () => {
  const { client, transport } = clientOver((call) =>
    call.idempotencyKey ? { revision: 4 } : { ...wire, value: 1, encoding: 'json' },
  )
  const bucket = client.kv().bucket<number>('b')
  const entry = await bucket.get('k')
  await bucket.update('k', 2, entry)
  await bucket.delete('k', { ifRevision: entry })
  await bucket.modify('k', () => 3)
  const expected = transport.calls.map(({ params }) => [
    Reflect.get(params, 'ifRevision'),
    Reflect.get(params, 'ifEpoch'),
  ])
  expect(expected).toEqual([
    [undefined, undefined],
    [3, 'e'],
    [3, 'e'],
    [undefined, undefined],
    [3, 'e'],
  ])
})

describe('a key without a value', () => {
  test('is an error of get, told to onError', async () => {
    const { client, failures } = clientOver(gone)
    expect(await failure(client.kv().bucket('b').get('k'))).toBeInstanceOf(NotFoundError)
    expect(failures).toHaveLength(1)
  })

  test('is undefined for find, and no matter for onError', async () => {
    const { client, failures } = clientOver(gone)
    expect(await client.kv().bucket('b').find('k')).toBeUndefined()
    expect(failures).toEqual([])
  })

  test('is no excuse for other failures of find', async () => {
    const { client, failures } = clientOver(() => {
      throw errorFor('unauthenticated', 'no')
    })
    expect(await failure(client.kv().bucket('b').find('k'))).toMatchObject({ code: 'unauthenticated' })
    expect(failures).toHaveLength(1)
  })
})

test('a value that is null is found', async () => {
  const { client } = clientOver(() => ({ ...wire, value: null, encoding: 'json' }))
  expect(await client.kv().bucket('b').find('k')).toMatchObject({ value: null })
})

test('delete and purge may have a condition, and get a revision', async () => {
  const { client, transport } = clientOver((call) => (call.method === 'kv.get' ? wire : { revision: 1 }))
  const bucket = client.kv().bucket('b')
  await bucket.delete('k')
  await bucket.purge('k', { ifRevision: 2 })
  await bucket.get('k', { revision: 2 })
  expect(transport.calls.map((call) => call.params)).toEqual([
    { bucket: 'b', key: 'k' },
    { bucket: 'b', key: 'k', ifRevision: 2 },
    { bucket: 'b', key: 'k', revision: 2 },
  ])
})

test('entries and history come decoded, deletions without a value', async () => {
  const { client } = clientOver(() => ({
    entries: [
      { ...wire, value: 'AA==', encoding: 'base64' },
      { ...wire, operation: 'delete' },
    ],
  }))
  const bucket = client.kv().bucket('b')
  const expected = [
    { ...wire, value: Uint8Array.of(0) },
    { ...wire, operation: 'delete', value: undefined },
  ]
  expect(await bucket.history('k')).toEqual(expected)
  const read: unknown[] = []
  for await (const entry of bucket.entries('k.*')) read.push(entry)
  expect(read).toEqual(expected)
})

test('a bucket makes no call by itself', () => {
  const { client, transport } = clientOver(gone)
  expect(client.kv().bucket('b').name).toBe('b')
  expect(transport.calls).toEqual([])
})
