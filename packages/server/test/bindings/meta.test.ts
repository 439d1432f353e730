import { expect, test } from 'vitest'
import { bucketDefaults, CommitMeter, createMemoryEngine } from '../../src'
import { Harness } from '../support/harness'

test('health and readiness need no key, the rest needs any', async () => {
  const harness = new Harness()
  await harness.server.ready
  const key = await harness.key({ role: 'viewer', environment: 'prod', scopes: ['read:config:a'] })
  for (const target of ['/health', '/ready']) {
    expect((await harness.request('GET', target, { key: null })).status).toBe(200)
  }
  for (const target of ['/metrics', '/api/v1/capabilities', '/api/v1/openapi.json']) {
    expect((await harness.request('GET', target, { key: null })).status).toBe(401)
    expect((await harness.request('GET', target, { key })).status).toBe(200)
  }
})

test('a server that cannot serve says why', async () => {
  const harness = new Harness()
  await harness.server.ready
  await harness.engine.close()
  const { status, json } = await harness.request('GET', '/ready', { key: null })
  expect({ status, code: json.code, detail: json.detail }).toEqual({
    status: 503,
    code: 'unavailable',
    detail: 'not ready: closed',
  })
  expect((await harness.request('GET', '/health', { key: null })).status).toBe(200)
})

test('a server that is being stopped is not ready and answers still', async () => {
  const harness = new Harness()
  await harness.server.ready
  harness.server.drain()
  expect((await harness.request('GET', '/ready', { key: null })).json.detail).toContain('shutting down')
  expect((await harness.request('GET', '/api/v1/config')).status).toBe(200)
})

test('capabilities tell version, engine and limits', async () => {
  const { json } = await new Harness({ version: '9.9.9' }).request('GET', '/api/v1/capabilities')
  expect(json).toMatchObject({
    version: '9.9.9',
    protocol: 1,
    engine: { name: 'memory', durability: 'none', keyTtl: true },
    limits: { bodyBytes: 1_048_576, maxValueSize: 1_000_000, jsonDepth: 64 },
  })
})

test('metrics count requests by method and code, conflicts, buckets and commits', async () => {
  const commits = new CommitMeter()
  const engine = createMemoryEngine({ bucketDefaults: bucketDefaults(), onCommit: commits.observe })
  const harness = new Harness({ engine, commits })
  await harness.put('b/keys/a', '"12345"')
  await harness.put('b/keys/a', 1, { headers: { 'if-match': '999' } })
  await harness.get('b/keys/none')
  const { text, headers } = await harness.request('GET', '/metrics')
  expect(headers.get('content-type')).toContain('text/plain')
  const value = (series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length),
    )
  expect(value('ironflow_request_duration_seconds_count{method="kv.put",code="ok"}')).toBe(1)
  expect(value('ironflow_request_duration_seconds_bucket{method="kv.put",code="ok",le="+Inf"}')).toBe(1)
  expect(value('ironflow_request_duration_seconds_count{method="kv.update",code="revision_conflict"}')).toBe(1)
  expect(value('ironflow_request_duration_seconds_count{method="kv.get",code="not_found"}')).toBe(1)
  expect(value('ironflow_conflicts_total')).toBe(1)
  expect(value('ironflow_bucket_values{environment="default",bucket="b"}')).toBe(1)
  expect(value('ironflow_bucket_bytes{environment="default",bucket="b"}')).toBe(7)
  expect(value('ironflow_commit_writes_sum')).toBeGreaterThanOrEqual(4)
  expect(value('ironflow_commit_duration_seconds_count')).toBe(commits.seconds.count)
  expect(value('process_cpu_seconds_total')).toBeGreaterThan(0)
})

test('a server that was given no metrics says so', async () => {
  const { status, json } = await new Harness({ metrics: undefined }).request('GET', '/metrics')
  expect([status, json]).toMatchObject([501, { code: 'unsupported', detail: expect.stringContaining('`metrics`') }])
})

test('metrics show no more buckets than they may', async () => {
  const harness = new Harness({ limits: { metricsBuckets: 3 } })
  for (let index = 0; index < 8; index++) await harness.put(`b${index}/keys/a`, 1)
  const { text } = await harness.request('GET', '/metrics')
  expect(text.match(/^ironflow_bucket_values\{/gm)).toHaveLength(3)
})

test('the start page is text for a program, and says that a key is needed, without one', async () => {
  const harness = new Harness()
  const { status, text, headers } = await harness.request('GET', '/', { key: null, headers: { accept: '*/*' } })
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
  expect(text).toContain('Every call needs an API key')
  expect(text).toContain('/api/v1/openapi.json')
})

test('the start page is HTML for a browser, with relative links and nothing that a page could inject', async () => {
  const harness = new Harness()
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
  const { text, headers } = await harness.request('GET', '/', { key: null, headers: { accept } })
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(headers.get('vary')).toContain('accept')
  expect(text).toContain('<a href="./api/v1/openapi.json">')
  expect(text).toContain('Authorization: Bearer &lt;key&gt;')
})

test('the start page of a server without authentication says so', async () => {
  const { text } = await new Harness({ auth: 'none' }).request('GET', '/', {
    key: null,
    headers: { host: 'localhost' },
  })
  expect(text).toContain('No API key is needed')
  expect(text).not.toContain('(needs a key)')
})

test('the start page tells a stranger no version and no path of the machine', async () => {
  const { text } = await new Harness({ version: '9.9.9' }).request('GET', '/', { key: null })
  expect(text).not.toMatch(/9\.9\.9|\/home|\/var|\/tmp/)
})
