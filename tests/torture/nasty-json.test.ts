import { bucketDefaults, createMemoryEngine, createServer, DEFAULTS } from '@ironflow/server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { nastyJson } from '../support/nasty-json'

/**
 * Whatever the shape of what a client sends, no request and no message of the largest size that is taken holds the
 * event loop for long. Measured is the longest turn while one is handled, with an engine in memory, or the CPU time of
 * it all, whichever is less: the clock runs on while other processes run.
 *
 * A shared machine may be half as fast for minutes. So a yardstick is measured beside each run, and a time counts as
 * many milliseconds as it would take while the yardstick takes its usual time.
 */
const BUDGET_MS = 50
const RUNS = 3

/** Text whose characters are added up as a yardstick. */
const YARDSTICK = 'a'.repeat(4_000_000)
/** Milliseconds that it takes where nothing else runs, on the machine that the budget was set on. */
const YARDSTICK_MS = 8.7

const { bodyBytes, headerBytes, maxValueSize } = DEFAULTS.limits
const KEY = `ifkey_${'a'.repeat(48)}`
const engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
const server = createServer({ engine, bootstrapKey: KEY })

interface Sent {
  verb: string
  target: string
  body?: string | undefined
  headers?: Record<string, string>
}

function http({ verb, target, body = '', headers = {} }: Sent): () => Promise<number> {
  const all: Record<string, string> = {
    host: 'localhost',
    authorization: `Bearer ${KEY}`,
    'content-type': 'application/json',
    ...headers,
  }
  const bytes = new TextEncoder().encode(body)
  return async () => {
    const response = await server.http.handle({ verb, target, header: (name) => all[name], body: () => bytes })
    response.stream?.cancel()
    return response.status
  }
}

/** A message that is answered, or ends its connection. */
function socket(message: string): () => Promise<void> {
  const headers: Record<string, string> = { host: 'localhost', authorization: `Bearer ${KEY}` }
  const header = (name: string) => headers[name]
  const bytes = Buffer.from(message)
  const nothing = () => undefined
  return async () => {
    const request = { verb: 'GET', target: '/api/v1/ws', header, body: () => new Uint8Array() }
    const admission = await server.http.admitSocket(request, 'r')
    if (!admission.ok) throw admission.error
    let answered = nothing
    const answer = new Promise<void>((resolve) => {
      answered = () => resolve() as undefined
    })
    const session = admission.result.open({
      ready: true,
      send: answered,
      close: answered,
      pause: nothing,
      resume: nothing,
    })
    session.message(bytes.toString())
    await answer
    session.closed()
  }
}

/** Prepares a piece of work that is done once. */
type Prepare = () => () => Promise<unknown>

/** Milliseconds of the longest turn of the event loop while work is done. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const turn = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  await work()
  clearImmediate(next)
  return Math.max(longest, performance.now() - last)
}

/** How many times as long as usual everything takes now; at least 1. */
function slowness(): number {
  const start = performance.now()
  let sum = 0
  for (let at = 0; at < YARDSTICK.length; at++) sum = (31 * sum + YARDSTICK.charCodeAt(at)) | 0
  expect(sum).not.toBe(0)
  return Math.max(1, (performance.now() - start) / YARDSTICK_MS)
}

/**
 * Milliseconds that work holds the event loop in some runs, after one that warms up: the least, since whatever else the
 * machine does only adds to it, and the most.
 */
async function measure(prepare: Prepare): Promise<{ least: number; most: number }> {
  const works = Array.from({ length: RUNS }, prepare)
  await prepare()()
  const took: number[] = []
  for (const work of works) {
    const slownessBefore = slowness()
    const before = process.cpuUsage()
    const longest = await longestTurn(work)
    const { user, system } = process.cpuUsage(before)
    took.push(Math.min(longest, (user + system) / 1_000) / Math.min(slownessBefore, slowness()))
  }
  return { least: Math.min(...took), most: Math.max(...took) }
}

const BODIES: Record<string, (shape: string) => Omit<Sent, 'body'> & { body: string }> = {
  'config.set': (body) => ({ verb: 'POST', target: '/api/v1/config/set', body }),
  'config.set of a member': (shape) => ({ verb: 'POST', target: '/api/v1/config/set', body: `{"a":${shape}}` }),
  'config.set with an idempotency key': (shape) => ({
    verb: 'POST',
    target: '/api/v1/config/set',
    body: `{"a":${shape}}`,
    headers: { 'idempotency-key': String(Math.random()) },
  }),
  'config.patch': (body) => ({ verb: 'PATCH', target: '/api/v1/config/patched', body }),
  'config.patch of a large document': (shape) => ({
    verb: 'PATCH',
    target: '/api/v1/config/large',
    body: `{"a":${shape}}`,
  }),
  'config.rollback': (body) => ({ verb: 'POST', target: '/api/v1/config/set/rollback', body }),
  'kv.createBucket': (body) => ({ verb: 'POST', target: '/api/v1/kv/buckets', body }),
  'kv.updateBucket': (body) => ({ verb: 'PATCH', target: '/api/v1/kv/buckets/b', body }),
  'kv.put': (body) => ({ verb: 'PUT', target: '/api/v1/kv/buckets/b/keys/put', body }),
  'kv.put with an idempotency key': (body) => ({
    verb: 'PUT',
    target: '/api/v1/kv/buckets/b/keys/put',
    body,
    headers: { 'idempotency-key': String(Math.random()) },
  }),
  'kv.put of text with an idempotency key': (body) => ({
    verb: 'PUT',
    target: '/api/v1/kv/buckets/b/keys/text',
    body,
    headers: { 'content-type': 'text/plain', 'idempotency-key': String(Math.random()) },
  }),
  'kv.put of bytes with an idempotency key': (body) => ({
    verb: 'PUT',
    target: '/api/v1/kv/buckets/b/keys/bytes',
    body,
    headers: { 'content-type': 'application/octet-stream', 'idempotency-key': String(Math.random()) },
  }),
  'kv.create': (body) => ({
    verb: 'PUT',
    target: '/api/v1/kv/buckets/b/keys/create',
    body,
    headers: { 'if-none-match': '*' },
  }),
  'kv.update': (body) => ({
    verb: 'PUT',
    target: '/api/v1/kv/buckets/b/keys/update',
    body,
    headers: { 'if-match': '1' },
  }),
  'apiKeys.create': (body) => ({ verb: 'POST', target: '/api/v1/apikeys', body }),
  'apiKeys.create with scopes': (shape) => ({
    verb: 'POST',
    target: '/api/v1/apikeys',
    body: `{"name":"x","role":"viewer","scopes":${shape}}`,
  }),
  watch: (body) => ({ verb: 'POST', target: '/api/v1/watch?waitMs=0', body }),
  'watch with subscriptions': (shape) => ({
    verb: 'POST',
    target: '/api/v1/watch?waitMs=0',
    body: `{"subscriptions":${shape}}`,
  }),
  'watch over SSE': (shape) => ({
    verb: 'POST',
    target: '/api/v1/watch',
    body: `{"subscriptions":${shape}}`,
    headers: { accept: 'text/event-stream' },
  }),
  'watch with filters': (shape) => ({
    verb: 'POST',
    target: '/api/v1/watch?waitMs=0',
    body: `{"subscriptions":[{"id":"a","kind":"kv","target":"b","filters":${shape}}]}`,
  }),
}

const call = (method: string, params: string) =>
  `{"type":"call","id":"c","requestId":"r","idempotencyKey":"${Math.random()}","method":"${method}","params":${params}}`

/** Messages that carry a document or a value. */
const VALUE_FRAMES: Record<string, (shape: string) => string> = {
  'a document': (shape) => call('config.set', `{"name":"socket","data":{"a":${shape}}}`),
  fields: (shape) => call('config.patch', `{"name":"socket","fields":{"a":${shape}}}`),
  'a value': (shape) => call('kv.put', `{"bucket":"b","key":"socket","encoding":"json","value":${shape}}`),
  text: (shape) => call('kv.put', `{"bucket":"b","key":"socket","encoding":"text","value":${JSON.stringify(shape)}}`),
  bytes: (shape) =>
    call('kv.put', `{"bucket":"b","key":"socket","encoding":"base64","value":"${btoa('a'.repeat(shape.length))}"}`),
}

const FRAMES: Record<string, (shape: string) => string> = {
  'a message': (shape) => shape,
  'an unknown member': (shape) => `{"type":"call","id":"a","method":"kv.get","params":{},"extra":${shape}}`,
  'the parameters': (shape) => call('kv.put', shape),
  'the parameters of a new bucket': (shape) => call('kv.createBucket', shape),
  'a key': (shape) => call('kv.get', `{"bucket":"b","key":${shape}}`),
  scopes: (shape) => call('admin.apiKeys.create', `{"name":"x","role":"viewer","scopes":${shape}}`),
  'a subscription': (shape) => `{"type":"subscribe","id":"a","kind":"kv","target":"b","filters":${shape}}`,
}

const QUERIES: Record<string, (text: string) => Sent> = {
  'kv.keys': (text) => ({ verb: 'GET', target: `/api/v1/kv/buckets/b/keys?${text}` }),
  'kv.put': (text) => ({ verb: 'PUT', target: `/api/v1/kv/buckets/b/keys/a?${text}`, body: '1' }),
  'a bucket’s watch': (text) => ({ verb: 'GET', target: `/api/v1/kv/buckets/b/watch?${text}` }),
  'a watch of events': (text) => ({ verb: 'GET', target: `/api/v1/events/watch?${text}` }),
  'a long poll': (text) => ({ verb: 'POST', target: `/api/v1/watch?${text}`, body: '{"subscriptions":[]}' }),
}
const repeated = (part: string) => part.repeat(headerBytes / part.length)
const QUERY_TEXTS: Record<string, string> = {
  ampersands: repeated('&'),
  'one parameter over and over': repeated('key=a&'),
  'filters of many tokens': `key=${repeated('a.').slice(6)}a`,
  'nameless parameters': repeated('=&'),
  'different parameters': Array.from({ length: headerBytes / 6 }, (_, index) => index.toString(36)).join('&'),
  'percent-encoding': `filter=${repeated('%41')}`,
  'broken percent-encoding': `filter=${repeated('%')}`,
  'plus signs': `filter=${repeated('+')}`,
}

beforeAll(async () => {
  await server.ready
  const large = nastyJson(900_000)['different members'] as string
  expect(await http({ verb: 'POST', target: '/api/v1/config/large', body: large })()).toBe(200)
})
afterAll(async () => {
  await server.close()
  await engine.close()
})

/** Expects all to stay within the budget, and reports the one that takes most of it. */
async function expectWithin(works: Record<string, Prepare>): Promise<void> {
  const slow: Record<string, number> = {}
  let worst = { name: '', least: 0, most: 0 }
  for (const [name, prepare] of Object.entries(works)) {
    const { least, most } = await measure(prepare)
    if (least > worst.least) worst = { name, least, most }
    if (least > BUDGET_MS) slow[name] = Math.round(least)
  }
  console.info(`worst: ${worst.name}, ${worst.least.toFixed(1)} ms (at most ${worst.most.toFixed(1)} ms)`)
  expect(slow).toEqual({})
}

// What is larger than a value may be is refused before it is looked into.
const SHAPES = nastyJson(maxValueSize - 100)
// A message may have twice the bytes of a body, for a value that takes more as JSON.
const LARGE_SHAPES = nastyJson(2 * bodyBytes - 400)

it.each(Object.keys(BODIES))('no body of %s holds the event loop', async (name) => {
  const sent = BODIES[name] as (shape: string) => Sent
  const works = Object.entries(SHAPES).map(([shape, text]) => [shape, () => http(sent(text))])
  await expectWithin(Object.fromEntries(works))
})

const MESSAGES = [
  ...Object.entries(VALUE_FRAMES).map(([name, frame]) => ({ name, frame, shapes: SHAPES })),
  ...Object.entries(FRAMES).map(([name, frame]) => ({ name, frame, shapes: LARGE_SHAPES })),
  ...Object.entries(VALUE_FRAMES).map(([name, frame]) => ({ name: `${name}, too large`, frame, shapes: LARGE_SHAPES })),
]

it.each(MESSAGES)('no WebSocket message with $name holds the event loop', async ({ frame, shapes }) => {
  const works = Object.entries(shapes)
    .filter(([, text]) => Buffer.byteLength(frame(text)) <= 2 * bodyBytes)
    .map(([shape, text]) => [shape, () => socket(frame(text))])
  await expectWithin(Object.fromEntries(works))
})

it.each(Object.keys(QUERIES))('no query of %s holds the event loop', async (name) => {
  const sent = QUERIES[name] as (text: string) => Sent
  const works = Object.entries(QUERY_TEXTS).map(([shape, text]) => [shape, () => http(sent(text))])
  await expectWithin(Object.fromEntries(works))
})
