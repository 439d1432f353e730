import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startServer } from '../scripts/server-process.mjs'
import { runCli } from './support/cli'
import { useWorld } from './support/world'

const world = useWorld()

interface Report {
  ok: boolean
  findings: { check: string; verdict: string; text: string; advice?: string }[]
}

/** Runs the doctor and returns its exit code and what it found, by check. */
async function examine(env: Record<string, string | undefined>, args: string[] = []) {
  const { code, stdout } = await runCli(['doctor', '--json', ...args], env)
  const { ok, findings } = JSON.parse(stdout) as Report
  return { code, ok, found: Object.fromEntries(findings.map(({ check, ...finding }) => [check, finding])) }
}

async function withHttpServer(listener: RequestListener, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const skipped = expect.objectContaining({ verdict: 'skipped' })

describe('ironflow doctor', () => {
  it('finds nothing wrong with a server that works', async () => {
    const { url, apiKey } = world.server
    const env = { IRONFLOW_SERVER_URL: url, IRONFLOW_API_KEY: apiKey, IRONFLOW_ENV: 'default' }
    await world.client().config().set('limits', {})
    expect(await examine(env)).toEqual({
      code: 0,
      ok: true,
      found: {
        address: { verdict: 'ok', text: expect.stringContaining(`${url} (IRONFLOW_SERVER_URL), `) },
        clock: { verdict: 'ok', text: expect.any(String) },
        key: { verdict: 'ok', text: 'from IRONFLOW_API_KEY, accepted' },
        versions: { verdict: 'ok', text: expect.stringContaining(process.versions.node) },
        environment: { verdict: 'ok', text: 'default (IRONFLOW_ENV)' },
        transport: { verdict: 'ok', text: 'watches go over a WebSocket' },
      },
    })
    const { stdout, code } = await runCli(['doctor'], env)
    expect(code).toBe(0)
    expect(stdout.match(/^ok {7}(\w+)/gm)).toHaveLength(6)
  })

  it('says that an environment without data may be misspelt', async () => {
    const { url, apiKey } = world.server
    await world.client({ environment: 'prod' }).config().set('limits', {})
    const { code, found } = await examine({ IRONFLOW_SERVER_URL: url, IRONFLOW_API_KEY: apiKey }, ['--env', 'prdo'])
    expect(code).toBe(0)
    expect(found.environment).toMatchObject({ verdict: 'warning', advice: expect.stringContaining('prod') })
  })

  it('says that a key is missing or unknown, with exit code 5', async () => {
    const { url } = world.server
    const missing = await examine({ IRONFLOW_SERVER_URL: url })
    expect(missing).toMatchObject({ code: 5, ok: false })
    expect(missing.found.key).toMatchObject({ verdict: 'failed', advice: expect.stringContaining('IRONFLOW_API_KEY') })
    expect(missing.found.environment).toEqual(skipped)
    const unknown = await examine({ IRONFLOW_SERVER_URL: url, IRONFLOW_API_KEY: 'ifkey_unknown' })
    expect(unknown.code).toBe(5)
    expect(JSON.stringify(unknown.found)).not.toContain('ifkey_unknown')
  })

  it('says that a key is for another environment, with exit code 5', async () => {
    const { key } = await world.client().admin().apiKeys.create({ name: 'x', role: 'viewer', environment: 'prod' })
    const { code, found } = await examine({ IRONFLOW_SERVER_URL: world.server.url, IRONFLOW_API_KEY: key }, [
      '--env',
      'test',
    ])
    expect(code).toBe(5)
    expect(found.environment).toMatchObject({ verdict: 'failed', advice: expect.stringContaining('--env') })
  })

  it('says that nothing listens, with exit code 6', async () => {
    const { code, found } = await examine({ IRONFLOW_SERVER_URL: 'http://127.0.0.1:9999' })
    expect(code).toBe(6)
    expect(found.address).toMatchObject({ verdict: 'failed' })
    expect(found.transport).toEqual(skipped)
  })

  it('says that something else than Ironflow answers, with exit code 6', async () => {
    await withHttpServer(
      (_, response) => response.writeHead(404).end('<h1>Not found</h1>'),
      async (url) => {
        const { code, found } = await examine({}, ['--server', url])
        expect(code).toBe(6)
        expect(found.address?.text).toContain('does not answer as an Ironflow server')
      },
    )
  })

  it('says that a server does not speak TLS', async () => {
    const { found } = await examine({}, ['--server', world.server.url.replace('http:', 'https:')])
    expect(found.address?.advice).toContain('write http://')
  })

  it('says that clocks differ', async () => {
    await withHttpServer(
      ({ url }, response) => {
        const date = 'Thu, 01 Jan 2026 00:00:00 GMT'
        const isOpen = url === '/health' || url === '/ready'
        response.writeHead(isOpen ? 200 : 401, { 'content-type': 'application/json', date }).end('{"status":"ok"}')
      },
      async (url) => {
        const { found } = await examine({}, ['--server', url])
        expect(found.clock).toMatchObject({ verdict: 'warning', text: expect.stringContaining('behind this machine') })
      },
    )
  })

  it('needs no key in dev mode', async () => {
    const server = await startServer({ args: ['--dev'] })
    try {
      const { code, found } = await examine({ IRONFLOW_SERVER_URL: server.url })
      expect(code).toBe(0)
      expect(found.key?.text).toBe('none given, and none needed')
    } finally {
      await server.stop()
    }
  })
})
