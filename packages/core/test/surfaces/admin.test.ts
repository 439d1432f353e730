import { expect, test } from 'vitest'
import { broken, clientOver, failure } from '../fake-transport'

test('keys are made, listed whole and revoked', async () => {
  const { client, transport } = clientOver((call, attempt) => {
    if (call.method === 'admin.apiKeys.list')
      return { apiKeys: [{ id: String(attempt) }], nextCursor: attempt === 2 ? 'n' : undefined }
    return { id: '1', key: 'ifkey_1', revision: 1 }
  })
  const { apiKeys } = client.admin()
  expect(await apiKeys.create({ name: 'ci', role: 'viewer' })).toMatchObject({ key: 'ifkey_1' })
  expect((await apiKeys.list()).map(({ id }) => id)).toEqual(['2', '3'])
  await apiKeys.revoke('1')
  expect(transport.params(-1)).toEqual({ id: '1' })
})

test('a key is made once: a call without an answer is not repeated', async () => {
  const { client, transport, failures } = clientOver(() => {
    throw broken()
  })
  await failure(client.admin().apiKeys.create({ name: 'ci', role: 'viewer' }))
  expect([transport.calls.length, failures[0]?.context.attempts]).toEqual([1, 1])
})

test('environments are named', async () => {
  const { client } = clientOver(() => ({ environments: ['default', 'prod'], count: 2 }))
  expect(await client.admin().environments()).toEqual(['default', 'prod'])
})
