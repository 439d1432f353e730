import { expect, test } from 'vitest'
import { ValidationError } from '../../src/errors/kinds'
import { clientOver } from '../fake-transport'

test('buckets are made, changed, looked at and deleted', async () => {
  const { client, transport } = clientOver(() => ({ name: 'b', revision: 1 }))
  const kv = client.kv()
  await kv.createBucket({ name: 'b', history: 5 }, { ifExists: 'update', timeoutMs: 100 })
  await kv.createBucket({ name: 'b' })
  await kv.updateBucket('b', { ttlSeconds: 60 })
  await kv.getBucketInfo('b')
  await kv.deleteBucket('b')
  expect(transport.calls.map(({ method, params }) => [method, params])).toEqual([
    ['kv.createBucket', { name: 'b', history: 5, ifExists: 'update' }],
    ['kv.createBucket', { name: 'b' }],
    ['kv.updateBucket', { bucket: 'b', ttlSeconds: 60 }],
    ['kv.getBucketInfo', { bucket: 'b' }],
    ['kv.deleteBucket', { bucket: 'b' }],
  ])
})

test('changes of a bucket cannot name another bucket', async () => {
  const { client, transport } = clientOver(() => ({ name: 'b' }))
  await expect(client.kv().updateBucket('b', { bucket: 'other' } as object)).rejects.toThrow(ValidationError)
  expect(transport.calls).toEqual([])
})

test('the list of buckets comes whole', async () => {
  const { client } = clientOver((_, attempt) => ({
    buckets: [{ name: `b${attempt}` }],
    nextCursor: attempt < 3 ? `${attempt}` : undefined,
  }))
  expect((await client.kv().listBuckets()).map(({ name }) => name)).toEqual(['b1', 'b2', 'b3'])
})
