import { describe, expect, test } from 'vitest'
import { errorFor, NotFoundError } from '../../src/errors/kinds'
import { RawJson } from '../../src/protocol/json'
import { clientOver, failure } from '../fake-transport'

const entry = { name: 'limits', data: { seats: 5 }, revision: 3, updatedAt: 'now' }

test('get answers the document, also an earlier one', async () => {
  const { client, transport } = clientOver(() => entry)
  expect(await client.config().get('limits')).toEqual(entry)
  await client.config().get('limits', { revision: 2 })
  expect(transport.calls.map((call) => call.params)).toEqual([{ name: 'limits' }, { name: 'limits', revision: 2 }])
})

describe('a document that is not there', () => {
  test('is an error of get, told to onError', async () => {
    const { client, failures } = clientOver(() => {
      throw errorFor('not_found', 'gone')
    })
    expect(await failure(client.config().get('limits'))).toBeInstanceOf(NotFoundError)
    expect(failures).toHaveLength(1)
  })

  test('is undefined for find, and no matter for onError', async () => {
    const { client, failures } = clientOver(() => {
      throw errorFor('not_found', 'gone')
    })
    expect(await client.config().find('limits')).toBeUndefined()
    expect(failures).toEqual([])
  })
})

test('find tells of every other failure', async () => {
  const { client, failures } = clientOver(() => {
    throw errorFor('unauthorized', 'no')
  })
  expect(await failure(client.config().find('limits'))).toMatchObject({ code: 'unauthorized' })
  expect(failures).toHaveLength(1)
})

test('find of a document that is there answers it', async () => {
  const { client } = clientOver(() => entry)
  expect(await client.config().find('limits')).toEqual(entry)
})

test.each<[string, object, object]>([
  ['config.set', { ifRevision: 2 }, { name: 'a', data: new RawJson('{"n":null}'), ifRevision: 2 }],
  ['config.set', { createOnly: true }, { name: 'a', data: new RawJson('{"n":null}'), createOnly: true }],
  ['config.patch', { ifRevision: 0 }, { name: 'a', fields: new RawJson('{"n":null}'), ifRevision: 0 }],
])('%s with %j', async (method, options, params) => {
  const { client, transport } = clientOver(() => ({ revision: 1 }))
  if (method === 'config.set') await client.config().set('a', { n: null }, options)
  else await client.config().patch('a', { n: null }, options)
  expect(transport.calls[0]).toMatchObject({ method, params })
})

test('delete and rollback may have a condition', async () => {
  const { client, transport } = clientOver(() => ({ revision: 1 }))
  await client.config().delete('a')
  await client.config().delete('a', { ifRevision: 4 })
  await client.config().rollback('a', 2, { ifRevision: 4 })
  expect(transport.calls.map((call) => call.params)).toEqual([
    { name: 'a' },
    { name: 'a', ifRevision: 4 },
    { name: 'a', revision: 2, ifRevision: 4 },
  ])
})

test('a document is read when it is given: what happens to it later changes nothing', async () => {
  const data = { seats: 1 }
  const { client, transport } = clientOver(() => ({ revision: 1 }))
  const call = client.config().set('a', data)
  data.seats = 2
  await call
  expect((transport.params(0).data as RawJson).text).toBe('{"seats":1}')
})

test('lists come whole', async () => {
  const { client } = clientOver((call, attempt) => {
    const nextCursor = attempt % 2 === 1 ? 'next' : undefined
    if (call.method === 'config.list') return { configs: [{ name: `c${attempt}` }], nextCursor }
    return { versions: [{ name: 'a', revision: attempt, operation: 'put' }], nextCursor }
  })
  expect(await client.config().list()).toEqual([{ name: 'c1' }, { name: 'c2' }])
  expect((await client.config().history('a')).map((version) => version.revision)).toEqual([3, 4])
})
