import { expect, test } from 'vitest'
import { errorFor } from '../../src/errors/kinds'
import { clientOver, FakeReply, failure } from '../fake-transport'

/** Writes answer the revision of their number; reads answer what any of them may need. */
function reading() {
  const answer = { name: 'a', data: {}, key: 'k', revision: 1, configs: [], keys: [] }
  return clientOver((call, attempt) => {
    return call.idempotencyKey ? new FakeReply(attempt * 10) : new FakeReply(999, answer)
  })
}

test('the first read asks for nothing', async () => {
  const { client, transport } = reading()
  await client.config().get('a')
  expect(transport.calls[0]?.minPosition).toBeUndefined()
})

test('a read asks for the newest revision this client has made in that bucket', async () => {
  const { client, transport } = reading()
  const bucket = client.kv().bucket('b')
  await bucket.put('k', 1)
  await bucket.put('k', 1)
  await bucket.get('other')
  await bucket.listKeys()
  await client.kv().bucket('c').get('k')
  await client.config().list()
  expect(transport.calls.slice(2).map((call) => call.minPosition)).toEqual(['20', '20', undefined, undefined])
})

test('a write of one document is seen by reads of all', async () => {
  const { client, transport } = reading()
  await client.config().patch('a', {})
  await client.config().get('b')
  await client.config().list()
  expect(transport.calls.slice(1).map((call) => call.minPosition)).toEqual(['10', '10'])
})

test('what made a bucket is seen by reads of it', async () => {
  const { client, transport } = reading()
  await client.kv().createBucket({ name: 'b' })
  await client.kv().bucket('b').listKeys()
  await client.kv().bucket('c').listKeys()
  expect(transport.calls.slice(1).map((call) => call.minPosition)).toEqual(['10', undefined])
})

test('what a read saw is no promise', async () => {
  const { client, transport } = reading()
  await client.kv().bucket('b').get('k')
  await client.kv().bucket('b').get('k')
  expect(transport.calls[1]?.minPosition).toBeUndefined()
})

test('an older answer that comes late does not take the newer one back', async () => {
  const release: Array<() => void> = []
  const { client, transport } = clientOver((call, attempt) => {
    if (!call.idempotencyKey) return { keys: [] }
    return new Promise((resolve) => release.push(() => resolve(new FakeReply(attempt))))
  })
  const bucket = client.kv().bucket('b')
  const writes = Promise.all([bucket.put('a', 1), bucket.put('b', 2)])
  release[1]?.()
  release[0]?.()
  await writes
  await bucket.listKeys()
  expect(transport.calls.at(-1)?.minPosition).toBe('2')
})

test('writes do not carry it, and failed ones do not move it', async () => {
  const { client, platform, transport } = clientOver((call) => {
    if (call.method === 'kv.delete') throw errorFor('revision_conflict', 'stale')
    return new FakeReply(7, { keys: [], revision: 7 })
  })
  const bucket = client.kv().bucket('b')
  await bucket.put('k', 1)
  await failure(platform.run(bucket.delete('k')))
  await bucket.put('k', 2)
  expect(transport.calls.map((call) => call.minPosition)).toEqual([undefined, undefined, undefined])
})

test('a position has its epoch, and one of another life takes its place however low its revision is', async () => {
  const replies = [new FakeReply(900, undefined, 'first'), new FakeReply(3, undefined, 'second')]
  const { client, transport } = clientOver((call) => (call.idempotencyKey ? replies.shift() : { keys: [] }))
  const bucket = client.kv().bucket('b')
  await bucket.put('k', 1)
  await bucket.listKeys()
  await bucket.put('k', 1)
  await bucket.listKeys()
  const reads = transport.calls.filter(({ method }) => method === 'kv.keys')
  expect(reads.map((call) => call.minPosition)).toEqual(['900-first', '3-second'])
})

test('a read says which consistency its caller wants', async () => {
  const { client, transport } = reading()
  await client.config().get('a', { consistency: 'strong' })
  await client.kv().bucket('b').listKeys(undefined, { consistency: 'strong' })
  await client.config().get('a')
  expect(transport.calls.map((call) => call.consistency)).toEqual(['strong', 'strong', undefined])
})
