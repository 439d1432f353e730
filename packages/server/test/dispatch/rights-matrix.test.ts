import {
  type Access,
  METHODS,
  type MethodName,
  type NewApiKey,
  type Resource,
  type Role,
} from '@ironflow/core/protocol'
import { beforeAll, describe, expect, test } from 'vitest'
import type { HttpResponse } from '../../src'
import { ApiKeys } from '../../src/domain/api-keys'
import { generateApiKey } from '../../src/domain/key-records'
import { Harness } from '../support/harness'
import { REQUESTS, type TestRequest } from '../support/requests'

/**
 * Every route, with every role, kind of scope, environment and state of a key. What is expected is said here once more,
 * in other words than the server's: tables, and a rule over them.
 */

const ENVIRONMENTS = ['default', 'prod'] as const
type Environment = (typeof ENVIRONMENTS)[number] | undefined

/** What a route asks for. Without a target: some right to that resource. */
interface Operation {
  readonly name: string
  readonly request: TestRequest
  readonly access: Access
  readonly resource: Resource
  readonly target?: string
}

const ALLOWED: Record<Role, readonly Access[]> = {
  viewer: ['read'],
  developer: ['read', 'write'],
  admin: ['read', 'write', 'admin'],
}

/** What each part of the interface is about, by the start of the method's name. */
const ABOUT = {
  config: { resource: 'config', target: 'app-a' },
  kv: { resource: 'kv', target: 'sessions' },
  'admin.apiKeys': { resource: 'apikeys' },
  'admin.environments': { resource: 'environments' },
} as const satisfies Record<string, { resource: Resource; target?: string }>
const WRITES = /\.(set|patch|delete|rollback|createBucket|updateBucket|deleteBucket|create|update|put|purge)$/
const LISTS: readonly string[] = ['config.list', 'kv.listBuckets']

const CALLS: Operation[] = (Object.keys(METHODS) as MethodName[]).map((name) => {
  const entries: [string, { resource: Resource; target?: string }][] = Object.entries(ABOUT)
  const [, about] = entries.find(([start]) => name.startsWith(start)) ?? []
  if (!about) throw new Error(`${name} is about nothing: add it to ABOUT`)
  const access = about.resource === 'apikeys' ? 'admin' : WRITES.test(name) ? 'write' : 'read'
  const { resource, target } = about
  return { name, request: REQUESTS[name], access, resource, target: LISTS.includes(name) ? undefined : target }
})

const session = (kind: string, target: string): TestRequest => [
  'POST',
  '/api/v1/watch?waitMs=0',
  { subscriptions: [{ id: 's', kind, target }] },
]
const WATCHES: Operation[] = [
  { name: 'watch a document', request: ['GET', '/api/v1/config/app-a/watch'], access: 'read', ...ABOUT.config },
  { name: 'watch a bucket', request: ['GET', '/api/v1/kv/buckets/sessions/watch'], access: 'read', ...ABOUT.kv },
  { name: 'watch events', request: ['GET', '/api/v1/events/watch'], access: 'read', resource: 'config' },
  { name: 'subscribe to a document', request: session('config', 'app-a'), access: 'read', ...ABOUT.config },
  { name: 'subscribe to a bucket', request: session('kv', 'sessions'), access: 'read', ...ABOUT.kv },
  { name: 'subscribe to events', request: session('events', 'system.>'), access: 'read', resource: 'config' },
]

const OPERATIONS = [...CALLS, ...WATCHES]

/** Scopes in relation to what an operation asks for, and whether they admit it. */
const SCOPES: Record<string, (operation: Operation) => { scopes: string[] | undefined; admits: boolean }> = {
  none: () => ({ scopes: undefined, admits: true }),
  'that name it': ({ access, resource, target = 'any' }) => ({
    scopes: [`${access}:${resource}:${target}`],
    admits: true,
  }),
  'with a star': ({ access, resource, target = 'any' }) => ({
    scopes: ['read:settings:x', `${access}:${resource}:${target.slice(0, 2)}*`],
    admits: true,
  }),
  'that name another': ({ access, resource, target }) => ({
    scopes: [`${access}:${resource}:other`],
    admits: target === undefined,
  }),
  'of other access': ({ access, resource }) => ({
    scopes: [`${access === 'read' ? 'write' : 'read'}:${resource}:*`],
    admits: false,
  }),
  'to another resource': ({ access, resource }) => ({
    scopes: [`${access}:${resource === 'kv' ? 'config' : 'kv'}:*`],
    admits: false,
  }),
}

const harness = new Harness()
const apiKeys = new ApiKeys(harness.engine, Date.now)
const made = new Map<string, string>()

/** Stores a key as it is wanted, once: the interface makes none that has expired. */
async function keyOf(wanted: Omit<NewApiKey, 'name'>): Promise<string> {
  const name = JSON.stringify(wanted)
  const known = made.get(name)
  if (known !== undefined) return known
  const key = generateApiKey()
  made.set(name, key)
  await apiKeys.store(apiKeys.newRecord(key, { name: 'test', ...wanted }))
  return key
}

/** Sends the request of an operation. Returns how the server judged it. */
async function judge({ request }: Operation, key: string | undefined, environment?: Environment) {
  const [verb, target, body, headers = {}] = request
  const sent: Record<string, string> = { host: 'localhost', 'content-type': 'application/json', ...headers }
  if (key !== undefined) sent.authorization = `Bearer ${key}`
  if (environment !== undefined) sent['x-ironflow-environment'] = environment
  const text = new TextEncoder().encode(JSON.stringify(body))
  const header = (name: string) => sent[name]
  const response = await harness.server.http.handle({ verb, target, header, body: () => text })
  response.stream?.cancel()
  return judgementOf(response)
}

function judgementOf({ status, body }: HttpResponse): 'allowed' | 'unauthorized' | 'unauthenticated' {
  const json = typeof body === 'string' && body.startsWith('{') ? JSON.parse(body) : {}
  // A session's subscriptions are judged one by one, and here there is one.
  const [frame] = json.frames ?? []
  if (frame?.type === 'error') return frame.code
  // A key that may be made, but not as one that may do more than its maker: the call was allowed.
  if (status === 403 && json.fields === undefined) return 'unauthorized'
  return status === 401 ? 'unauthenticated' : 'allowed'
}

/** The rule: role, scopes and environment must all allow it. */
function expected(operation: Operation, role: Role, admits: boolean, bound: Environment, named: Environment) {
  const isElsewhere = bound !== undefined && named !== undefined && bound !== named
  return ALLOWED[role].includes(operation.access) && admits && !isElsewhere ? 'allowed' : 'unauthorized'
}

beforeAll(async () => {
  for (const environment of ENVIRONMENTS) {
    const headers = { 'x-ironflow-environment': environment }
    await harness.request('POST', '/api/v1/config/app-a', { body: {}, headers })
    await harness.put('sessions/keys/a', 1, { headers })
  }
})

describe.each(OPERATIONS)('$name', (operation) => {
  test.each(Object.keys(ALLOWED) as Role[])(
    'by a key of role %s, with each kind of scope, in each environment',
    async (role) => {
      for (const [which, scopesFor] of Object.entries(SCOPES)) {
        const { scopes, admits } = scopesFor(operation)
        for (const bound of [undefined, ...ENVIRONMENTS]) {
          const key = await keyOf({ role, scopes, environment: bound })
          for (const named of [undefined, ...ENVIRONMENTS]) {
            const wanted = expected(operation, role, admits, bound, named)
            const about = `scopes ${which}, key for ${bound ?? 'all'}, request for ${named ?? 'its own'}`
            expect(await judge(operation, key, named), about).toBe(wanted)
          }
        }
      }
    },
  )

  test('by a key that is absent, malformed, unknown, expired or revoked is a 401', async () => {
    const expired = await keyOf({ role: 'admin', expiresAt: '2020-01-01T00:00:00Z' })
    const { json: revoked } = await harness.request('POST', '/api/v1/apikeys', { body: { name: 'x', role: 'admin' } })
    expect((await harness.request('DELETE', `/api/v1/apikeys/${revoked.id}`)).status).toBe(204)
    for (const key of [undefined, 'nonsense', `ifkey_${'0'.repeat(48)}`, expired, revoked.key]) {
      expect(await judge(operation, key)).toBe('unauthenticated')
    }
  })
})
