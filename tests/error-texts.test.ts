import { readFileSync } from 'node:fs'
import { ironflow } from '@ironflow/browser'
import type { ErrorCode } from '@ironflow/core/errors'
import {
  type ClientOptions,
  createClient,
  type IronflowClient,
  IronflowError,
  type NodeClientOptions,
} from '@ironflow/node'
import { bucketDefaults, createMemoryEngine, createServer, type Engine, type ServerOptions } from '@ironflow/server'
import { type Listening, serve } from '@ironflow/server/node'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { closedPort, http, rawServer } from '../packages/node/test/raw-server'
import { failure } from './support/world'

/** What users read when something is wrong. Each text says what, where, which value or limit, and what to do. */

const ADMIN = `ifkey_${'0'.repeat(48)}`
/** Stands for what differs from run to run: an address, a port. */
const ANY = '…'

/** A way to an error, and its whole text. */
type Row = readonly [what: string, act: () => Promise<unknown>, text: string]

let world: Listening
let client: IronflowClient

async function started(
  options: Omit<ServerOptions, 'engine'> = {},
  change: (engine: Engine) => Engine = (engine) => engine,
) {
  const engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
  const server = createServer({ engine: change(engine), bootstrapKey: ADMIN, ...options })
  const listening = await serve(server, { port: 0 })
  const close = async () => {
    await listening.close(100)
    await engine.close()
  }
  return { ...listening, close }
}

/** Makes the call with a client of its own, of a server of its own where there are options of one. */
async function withServer(
  options: Omit<ServerOptions, 'engine'>,
  act: (client: IronflowClient, url: string) => Promise<unknown>,
  clientOptions: ClientOptions = {},
): Promise<unknown> {
  const server = await started(options)
  onTestFinished(() => server.close())
  return withClient({ serverUrl: server.url, ...clientOptions }, (made) => act(made, server.url))
}

async function withClient(options: NodeClientOptions, act: (client: IronflowClient) => Promise<unknown>) {
  await using made = createClient({ serverUrl: world.url, apiKey: ADMIN, retry: false, timeoutMs: 5000, ...options })
  return await act(made)
}

const get = (made: IronflowClient) => made.config().get('limits')
const getFrom = (options: NodeClientOptions) => () => withClient(options, get)

/** Watches until something goes wrong. */
const watched = (made: IronflowClient) =>
  new Promise((_, reject) => {
    made.config().watch('limits', { onError: reject })
  })

/** An engine that fails whenever it is to read an entry. */
function withoutReads(engine: Engine): Engine {
  return new Proxy(engine, {
    get(target, name: keyof Engine) {
      if (name === 'get') return () => Promise.reject(new TypeError('a bug'))
      const member = target[name]
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** Sends a request that the SDK would not, and throws what the server says. */
async function request(path: string, init: RequestInit): Promise<never> {
  const headers = { authorization: `Bearer ${ADMIN}`, ...init.headers }
  const response = await fetch(`${world.url}${path}`, { ...init, headers })
  throw new IronflowError((await response.json()).detail, 'internal')
}

beforeAll(async () => {
  world = await started({ environments: ['default', 'prod'] })
  client = createClient({ serverUrl: world.url, apiKey: ADMIN, retry: false })
  await client.config().set('seats', { max: 5 })
  await client.kv().createBucket({ name: 'sessions', ttlSeconds: 60, maxBytes: 50 })
})

afterAll(async () => {
  await client.close()
  await world.close()
})

const KEYS = '/api/v1/kv/buckets/flags/keys/kill'
const bucket = () => client.kv().bucket('sessions')

const BY_CODE: Readonly<Record<ErrorCode, readonly Row[]>> = {
  invalid_request: [
    ['a name', () => client.config().get('a.b'), `name: ${ANY}`],
    [
      'an environment that the server does not have',
      getFrom({ environment: 'prdo' }),
      'environment: "prdo" is not one of this server\'s environments: default, prod',
    ],
    [
      'an API key for such an environment',
      () => client.admin().apiKeys.create({ name: 'ci', role: 'viewer', environment: 'prdo' }),
      'environment: "prdo" is not one of this server\'s environments: default, prod',
    ],
    [
      'a filter of a watch, by the name of its option',
      () => client.kv().bucket('sessions').watch({}, { key: 'a b' }).ready,
      `filters: key ${ANY}`,
    ],
    ['a pattern of events', () => client.events().subscribe('a b').ready, `target: pattern ${ANY}`],
    [
      'a document that is none',
      () => client.config().set('seats', []),
      'body: must be a JSON object (data in the SDK)',
    ],
    [
      'a revision that is none',
      () => client.config().set('seats', {}, { ifRevision: -1 }),
      'if-match: must be a revision or an ETag: 5, "5", W/"5" or "5-epoch" (ifRevision in the SDK)',
    ],
    [
      'a key with its scheme',
      async () => createClient({ apiKey: `Bearer ${ADMIN}` }),
      'apiKey: must be visible ASCII without blanks and "Bearer ", or a function',
    ],
    [
      'a key as it was read from a file',
      async () => createClient({ apiKey: `${ADMIN}\n` }),
      'apiKey: must be visible ASCII without blanks and "Bearer ", or a function',
    ],
    [
      'an address without a scheme',
      async () => createClient({ serverUrl: 'localhost:9123' }),
      'serverUrl: must be http:// or https:// with a host, without user, password, query and fragment',
    ],
    [
      'a proxy without a scheme',
      async () => createClient({ proxy: 'localhost:3128' }),
      'proxy: must be http:// or https:// with a host, and no path',
    ],
  ],
  unauthenticated: [
    [
      'no key',
      getFrom({ apiKey: undefined }),
      'an API key is needed: the header "Authorization: Bearer ifkey_…", or the option apiKey (IRONFLOW_API_KEY) of the SDK',
    ],
    ['no key of ours', getFrom({ apiKey: 'secret' }), 'that is no API key: one is ifkey_ and 48 hex digits'],
    [
      'an unknown key',
      getFrom({ apiKey: ADMIN.replaceAll('0', '1') }),
      'the API key is not known to this server, or was revoked; use another',
    ],
    ['a function that returns no key', getFrom({ apiKey: () => `Bearer ${ADMIN}` }), 'the apiKey function failed'],
  ],
  unauthorized: [
    [
      'a role',
      async () => {
        const { key } = await client.admin().apiKeys.create({ name: 'page', role: 'viewer' })
        return withClient({ apiKey: key }, (made) => made.config().set('seats', {}))
      },
      'a key of role viewer has no write access; use one of role developer or admin',
    ],
    [
      'scopes',
      async () => {
        const scopes = ['read:config:app-*']
        const { key } = await client.admin().apiKeys.create({ name: 'page', role: 'viewer', scopes })
        return withClient({ apiKey: key }, get)
      },
      'the key has no scope for read:config:limits',
    ],
    [
      'another environment',
      async () => {
        const { key } = await client.admin().apiKeys.create({ name: 'page', role: 'viewer', environment: 'prod' })
        return withClient({ apiKey: key, environment: 'default' }, get)
      },
      'the key is for another environment than "default"; use its own, or another key',
    ],
  ],
  not_found: [
    ['a document', getFrom({ environment: 'prod' }), 'there is no config document "limits" in environment "prod"'],
    [
      'a revision of one',
      () => client.config().rollback('seats', 99),
      'there is no config document "seats" with a value at revision 99 in environment "default"',
    ],
    ['a key', () => bucket().get('user.1'), 'there is no key "user.1" in bucket "sessions" of environment "default"'],
    ['a bucket', () => client.kv().getBucketInfo('no'), 'there is no bucket "no" in environment "default"'],
    [
      'an API key',
      () => client.admin().apiKeys.revoke('no'),
      'there is no API key with this id, or this key may not see it; the list of API keys has the ids',
    ],
  ],
  unknown_route: [
    [
      'a path too much in serverUrl',
      () => withClient({ serverUrl: `${world.url}/app` }, (made) => made.config().find('limits')),
      'there is no route /app/api/v1/config/limits; all begin with /api/v1, directly after the host of serverUrl',
    ],
    [
      'the same, of a watch',
      () => withClient({ serverUrl: `${world.url}/app` }, (made) => watched(made)),
      `there is no route /app/api/v1/${ANY}; all begin with /api/v1, directly after the host of serverUrl`,
    ],
  ],
  method_not_allowed: [
    [
      'PUT of a document',
      () => request('/api/v1/config/seats', { method: 'PUT', body: '{}' }),
      'method PUT not allowed; allowed: GET, POST, PATCH, DELETE, HEAD, OPTIONS',
    ],
  ],
  already_exists: [
    [
      'a bucket with other options',
      () => client.kv().createBucket({ name: 'sessions', ttlSeconds: 3600, maxBytes: 50 }),
      'there is a bucket "sessions" with other options (ttlSeconds is 60); to change them, give ifExists: "update"',
    ],
  ],
  // Reserved: this version of the server does not send it.
  confirmation_required: [],
  revision_conflict: [
    [
      'another revision',
      () => client.config().set('seats', {}, { ifRevision: 99 }),
      `expected revision 99 of "seats", but it is at ${ANY}; read it again and decide again, as modify() does`,
    ],
    [
      'a key that is there',
      async () => {
        await bucket().put('a', 1)
        return bucket().create('a', 2)
      },
      `expected no value of "a", but it is at ${ANY}; read it again and decide again, as modify() does`,
    ],
  ],
  payload_too_large: [
    [
      'a body',
      () => withServer({ limits: { bodyBytes: 100 } }, (made) => made.config().set('a', { text: 'x'.repeat(200) })),
      'the body is too large (limit bodyBytes: 100)',
    ],
    [
      'a value for the server',
      () => withServer({ limits: { maxValueSize: 100 } }, (made) => made.config().set('a', { text: 'x'.repeat(200) })),
      'the value is too large (limit maxValueSize: 100)',
    ],
    [
      'a value for its bucket',
      async () => {
        await client.kv().createBucket({ name: 'small', maxValueSize: 10 })
        return client.kv().bucket('small').put('a', 'x'.repeat(20))
      },
      'the value has 20 bytes, more than its bucket takes (maxValueSize: 10)',
    ],
  ],
  unsupported_media_type: [
    [
      'the form that curl sends',
      () =>
        request(KEYS, {
          method: 'PUT',
          body: 'false',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
      'the content type must say how to store the value, and it is application/x-www-form-urlencoded: send "content-type: application/json", or text/plain, or application/octet-stream for bytes',
    ],
    [
      'no content type',
      () => request(KEYS, { method: 'PUT', body: new Uint8Array([102]) }),
      'the content type must say how to store the value, and there is none: send "content-type: application/json", or text/plain, or application/octet-stream for bytes',
    ],
    [
      'a document as text',
      () => request('/api/v1/config/seats', { method: 'POST', body: '{}' }),
      'the body must be JSON: send "content-type: application/json"',
    ],
  ],
  idempotency_conflict: [
    [
      'one key for two writes',
      async () => {
        const put = (body: string) => {
          const headers = { 'content-type': 'application/json', 'idempotency-key': 'one' }
          return request('/api/v1/kv/buckets/flags/keys/a', { method: 'PUT', body, headers })
        }
        await put('1').catch(() => undefined)
        return put('2')
      },
      'this Idempotency-Key came with another call before; give each call a key of its own',
    ],
  ],
  rate_limited: [
    [
      'streams of a key',
      () =>
        withServer({ limits: { streamsPerKey: 1 } }, (made, serverUrl) =>
          withClient({ serverUrl }, async (other) => {
            await other.config().watch('a').ready
            return watched(made)
          }),
        ),
      'too many open streams for this API key (limit streamsPerKey: 1)',
    ],
  ],
  headers_too_large: [
    [
      'a header',
      getFrom({ headers: { 'x-large': 'x'.repeat(20_000) } }),
      'the headers are too large (limit headerBytes: 16384)',
    ],
  ],
  internal: [
    [
      'a fault of the server',
      async () => {
        const server = await started({ auth: 'none' }, withoutReads)
        onTestFinished(() => server.close())
        return withClient({ serverUrl: server.url, apiKey: undefined }, get)
      },
      'the server failed; its log has the reason under the request id',
    ],
  ],
  unsupported: [
    [
      'metrics of a server without',
      () => request('/metrics', {}),
      'this server has no metrics: createServer was not given `metrics`',
    ],
  ],
  unavailable: [
    [
      'a server that stops',
      async () => {
        const server = createServer({ engine: createMemoryEngine({ bucketDefaults: bucketDefaults() }), auth: 'none' })
        await server.ready
        server.drain()
        throw new IronflowError(
          (await (await server.fetch(new Request('http://localhost/ready'))).json()).detail,
          'unavailable',
        )
      },
      'not ready: shutting down',
    ],
  ],
  timeout: [
    [
      'a call',
      async () => {
        await using silent = await rawServer(() => undefined)
        return await withClient({ serverUrl: silent.url, timeoutMs: 50 }, get)
      },
      'config.get took longer than timeoutMs (50 ms)',
    ],
    [
      'an attempt',
      async () => {
        await using silent = await rawServer(() => undefined)
        return await withClient({ serverUrl: silent.url, attemptTimeoutMs: 50 }, get)
      },
      'config.get took longer than attemptTimeoutMs (50 ms)',
    ],
  ],
  storage_full: [
    [
      'a bucket',
      () => bucket().put('large', 'x'.repeat(60)),
      'the write would take bucket "sessions" of environment "default" beyond its maxBytes of 50; purge keys, or raise it',
    ],
    [
      'an environment',
      () =>
        withServer({ limits: { bucketsPerEnvironment: 1 } }, async (made) => {
          await made.kv().createBucket({ name: 'a' })
          return made.kv().createBucket({ name: 'b' })
        }),
      'too many buckets in environment "default" (limit bucketsPerEnvironment: 1)',
    ],
  ],
  // More of them: packages/node/test/network-error.test.ts and tests/browser.
  connection_failed: [
    [
      'a server that is not there',
      async () => withClient({ serverUrl: await closedPort() }, get),
      `cannot reach http://127.0.0.1:${ANY} (the option serverUrl): connect ECONNREFUSED ${ANY}; is the server running, and on this port?`,
    ],
    [
      'a WebSocket to one',
      async () => withClient({ serverUrl: await closedPort() }, watched),
      `cannot reach http://127.0.0.1:${ANY} (the option serverUrl): connect ECONNREFUSED ${ANY}; is the server running, and on this port?`,
    ],
  ],
  aborted: [
    [
      'by its caller',
      () => client.config().get('limits', { signal: AbortSignal.abort() }),
      'the call was aborted by its caller',
    ],
  ],
  closed: [
    [
      'the client',
      async () => {
        const made = createClient()
        await made.close()
        return made.config().list()
      },
      'the client is closed',
    ],
  ],
  invalid_response: [
    [
      'a page of another server',
      async () => {
        await using other = await rawServer((socket) =>
          socket.end(http('200 OK', { 'content-type': 'text/html' }, '<p>')),
        )
        return await withClient({ serverUrl: other.url }, get)
      },
      'the response is no JSON object (text/html); is serverUrl an Ironflow server?',
    ],
    [
      'a 404 of another server',
      async () => {
        await using other = await rawServer((socket) => socket.end(http('404 Not Found', {}, 'no such page')))
        return await withClient({ serverUrl: other.url }, (made) => made.config().find('limits'))
      },
      'the server responded with 404; is serverUrl an Ironflow server?',
    ],
    [
      'a redirect',
      async () => {
        const headers = { location: 'https://elsewhere.test/' }
        await using other = await rawServer((socket) => socket.end(http('301 Moved Permanently', headers, '')))
        return await withClient({ serverUrl: other.url }, get)
      },
      'the server redirects to https://elsewhere.test/: set serverUrl to where it really is',
    ],
  ],
  not_configured: [
    ['the page’s client', async () => ironflow.config(), 'call ironflow.configure({ serverUrl, apiKey }) first'],
  ],
}

/** The page that lists the codes. */
const CODES_PAGE = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')

describe.each(Object.entries(BY_CODE))('%s', (code, rows) => {
  it('is called reserved by the docs exactly if nothing makes it', () => {
    const line = CODES_PAGE.split('\n').find((each) => each.startsWith(`| \`${code}\` |`))
    expect(line?.includes('Reserved.')).toBe(rows.length === 0)
  })
  it.each(rows)('of %s says what to do', async (_, act, text) => {
    const error = await failure(act())
    expect(error.message).toMatch(patternOf(text))
    // A log line of it is of use, too.
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ message: error.message, name: error.name })
  })
})

/** The whole text, in which {@link ANY} stands for anything. */
function patternOf(text: string): RegExp {
  const parts = text.split(ANY).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.+')}$`)
}
