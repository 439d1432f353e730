import { METHODS, type MethodRow } from '@ironflow/core/protocol'
import { describe, expect, test } from 'vitest'
import { ADMIN_KEY, Harness } from '../support/harness'

const harness = new Harness({ environments: ['default', 'prod'] })
const UNKNOWN_KEY = `ifkey_${'0'.repeat(48)}`

interface Given {
  headers?: Record<string, string>
  key?: string | undefined
}

/** Sends a request whose body counts how often it is asked for. */
async function ask(verb: string, target: string, { headers = {}, key }: Given = {}) {
  let reads = 0
  const sent: Record<string, string> = { host: 'localhost', 'content-type': 'application/json', ...headers }
  if (key !== undefined) sent.authorization = `Bearer ${key}`
  const response = await harness.server.http.handle({
    verb,
    target,
    header: (name) => sent[name],
    body: () => {
      reads++
      return new TextEncoder().encode('{"name":"sessions"}')
    },
  })
  return { status: response.status, headers: response.headers, reads }
}

const WITH_BODY = (Object.entries(METHODS) as [string, MethodRow][]).filter(([, { body }]) => body !== undefined)
const urlOf = ({ path }: MethodRow) => path.replace(/:key\+/, 'k').replace(/:[a-z]+/gi, 'sessions')

describe('a body is not read', () => {
  test.each(WITH_BODY)('without a key: %s', async (_, row) => {
    expect(await ask(row.verb, urlOf(row))).toMatchObject({ status: 401, reads: 0 })
    expect(await ask(row.verb, urlOf(row), { key: UNKNOWN_KEY })).toMatchObject({ status: 401, reads: 0 })
  })

  test.each(WITH_BODY)('by a role without the access: %s', async (_, row) => {
    const key = await harness.key({ role: 'viewer' })
    expect(await ask(row.verb, urlOf(row), { key })).toMatchObject({ status: 403, reads: 0 })
  })

  test.each(WITH_BODY)('for an unknown environment: %s', async (_, row) => {
    const headers = { 'x-ironflow-environment': 'prdo' }
    expect(await ask(row.verb, urlOf(row), { key: ADMIN_KEY, headers })).toMatchObject({ status: 400, reads: 0 })
  })

  test('by a key whose scopes have no such access, or not to what the path names', async () => {
    const reader = await harness.key({ role: 'developer', scopes: ['read:kv:sessions'] })
    expect(await ask('POST', '/api/v1/kv/buckets', { key: reader })).toMatchObject({ status: 403, reads: 0 })
    const other = await harness.key({ role: 'developer', scopes: ['write:kv:other'] })
    expect(await ask('PUT', '/api/v1/kv/buckets/sessions/keys/a', { key: other })).toMatchObject({
      status: 403,
      reads: 0,
    })
  })

  test('of a watch without a key', async () => {
    expect(await ask('POST', '/api/v1/watch')).toMatchObject({ status: 401, reads: 0 })
  })

  test.each([
    ['an unknown route', 'POST', '/api/v1/nothing', 404],
    ['a verb without meaning', 'PUT', '/api/v1/config', 405],
  ])('on %s', async (_, verb, target, status) => {
    expect(await ask(verb, target, { key: ADMIN_KEY })).toMatchObject({ status, reads: 0 })
  })
})

test('a target that travels in the body is authorised once it is known', async () => {
  const key = await harness.key({ role: 'developer', scopes: ['write:kv:other'] })
  expect(await ask('POST', '/api/v1/kv/buckets', { key })).toMatchObject({ status: 403, reads: 1 })
  const own = await harness.key({ role: 'developer', scopes: ['write:kv:sess*'] })
  expect(await ask('POST', '/api/v1/kv/buckets', { key: own })).toMatchObject({ status: 201, reads: 1 })
})

test('a request that is refused for its rights says which environment it was about', async () => {
  const key = await harness.key({ role: 'viewer', environment: 'prod' })
  const { status, headers } = await ask('POST', '/api/v1/config/a', { key })
  expect([status, headers['x-ironflow-environment']]).toEqual([403, 'prod'])
})

test('a request whose body is refused says which environment it was about', async () => {
  const headers = { 'x-ironflow-environment': 'prod', 'content-type': 'text/plain' }
  const answered = await ask('POST', '/api/v1/config/a', { key: ADMIN_KEY, headers })
  expect([answered.status, answered.headers['x-ironflow-environment']]).toEqual([415, 'prod'])
})
