import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, NotFoundError } from '@ironflow/node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ServerProcess, startServer } from '../scripts/server-process.mjs'
import { failure } from './support/world'

const BIN = fileURLToPath(new URL('../packages/cli/bin/ironflow.js', import.meta.url))

/** Runs the command to its end. */
function ironflow(args: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      [BIN, ...args],
      { env: { ...process.env, ...env }, timeout: 20_000 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    )
  })
}

let directory: string
const running: ServerProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ironflow-test-'))
})
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
  await rm(directory, { recursive: true, force: true })
})

async function serve(options: Parameters<typeof startServer>[0] = {}): Promise<ServerProcess> {
  const server = await startServer({ data: join(directory, 'data'), ...options })
  running.push(server)
  return server
}

const clientOf = ({ url, apiKey }: ServerProcess) => createClient({ serverUrl: url, apiKey })

describe('the command line', () => {
  it.each([
    [['serve', '--prot', '1'], /--prot/],
    [['serve', '--port', 'x'], /--port must be 0 to 65535/],
    [['serve', 'extra'], /unexpected argument "extra"/],
    [['serve', '--dev', '--host', '0.0.0.0'], /loopback/],
    [['serve', '--config', '/nowhere/x.json'], /cannot be read/],
    [['serve', '--tls-cert', 'a.pem'], /go together/],
    [['fly'], /unknown command "fly"/],
    [['apikey', 'steal'], /create, list, revoke/],
    [['apikey', 'create'], /--name is missing/],
    [['backup'], /<file> is missing/],
  ])('refuses %j with a clear message and exit code 2', async (args, message) => {
    const { code, stderr } = await ironflow([...args])
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
  })

  it('refuses options of the server that cannot be used with exit code 2', async () => {
    const file = join(directory, 'config.json')
    await writeFile(file, JSON.stringify({ limits: { bodyBites: 1 } }))
    const args = ['serve', '--port', '0', '--data', join(directory, 'data')]
    expect(await ironflow([...args, '--config', file])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('bodyBites'),
    })
    expect(await ironflow([...args, '--cors-origin', 'nonsense'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nonsense'),
    })
    expect(await ironflow([...args, '--environment', 'No_Good'])).toMatchObject({ code: 2 })
  })

  it('refuses a certificate that is none with exit code 2', async () => {
    const file = join(directory, 'none.pem')
    await writeFile(file, 'no certificate')
    const args = ['serve', '--port', '0', '--data', join(directory, 'data'), '--tls-cert', file, '--tls-key', file]
    expect(await ironflow(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('none.pem') })
  })

  it('manages keys also where default is no environment of the server', async () => {
    const server = await serve({ args: ['--environment', 'prod'] })
    const env = { IRONFLOW_SERVER_URL: server.url, IRONFLOW_API_KEY: server.apiKey as string }
    expect(await ironflow(['apikey', 'create', '--name', 'ci', '--role', 'viewer'], env)).toMatchObject({ code: 0 })
    const failed = await failure(clientOf(server).config().list())
    expect(failed).toMatchObject({ code: 'invalid_request', fields: { environment: expect.any(String) } })
  })

  it('tells its version and what it can do', async () => {
    expect(await ironflow(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
    expect(await ironflow(['serve', '--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--cors-origin'),
    })
  })

  it('manages the keys of a running server', async () => {
    const server = await serve()
    const env = { IRONFLOW_SERVER_URL: server.url, IRONFLOW_API_KEY: server.apiKey as string }
    const created = await ironflow(['apikey', 'create', '--name', 'ci', '--role', 'viewer', '--json'], env)
    const { id, key } = JSON.parse(created.stdout)
    expect((await ironflow(['apikey', 'list'], env)).stdout).toContain(`${id}  viewer  ci`)
    const longer = ['apikey', 'list', '--server-url', server.url, '--api-key', server.apiKey as string]
    expect((await ironflow(longer)).stdout).toContain(`${id}  viewer  ci`)
    const viewer = createClient({ serverUrl: server.url, apiKey: key })
    expect(await viewer.config().list()).toEqual([])
    expect(await ironflow(['apikey', 'revoke', id], env)).toMatchObject({ code: 0 })
    expect(await ironflow(['apikey', 'revoke', id], env)).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^ironflow: .+\n$/),
    })
    await viewer.close()
  })

  it('says in one line why it cannot listen', async () => {
    const server = await serve()
    const { port } = new URL(server.url)
    const other = await ironflow(['serve', '--port', port, '--data', join(directory, 'other')])
    expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/^ironflow: .*in use.*\n$/i) })
  })
})

describe('ironflow serve', () => {
  it('keeps its data and the first key in files of their owner alone', async () => {
    const server = await serve()
    for (const file of ['bootstrap-key.json', 'ironflow.db', 'ironflow.db-wal', 'store.json']) {
      expect([file, (await stat(join(server.data, file))).mode & 0o777]).toEqual([file, 0o600])
    }
    expect(server.log()).not.toContain(server.apiKey)
  })

  it('takes the first key from the environment', async () => {
    const key = `ifkey_${'ab'.repeat(24)}`
    const server = await serve({ env: { IRONFLOW_BOOTSTRAP_KEY: key } })
    await expect(clientOf(server).config().list()).resolves.toEqual([])
  })

  it('keeps its data from one start to the next, and its keys', async () => {
    const first = await serve()
    await clientOf(first).config().set('kept', { n: 1 })
    expect(await first.terminate()).toBe(0)
    const second = await serve()
    expect(second.apiKey).toBe(first.apiKey)
    expect((await clientOf(second).config().get('kept')).data).toEqual({ n: 1 })
  })

  it('lets no second server at its data', async () => {
    const server = await serve()
    const { code, stderr } = await ironflow(['serve', '--port', '0', '--data', server.data])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^ironflow: .*another.*\n$/i)
  })

  it('finishes what it has begun when it is told to stop, then exits with 0', async () => {
    const server = await serve()
    const body = JSON.stringify({ slow: true })
    const put = request(`${server.url}/api/v1/config/in-flight`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.apiKey}`,
        'content-type': 'application/json',
        'content-length': body.length,
        expect: '100-continue',
      },
    })
    put.flushHeaders()
    // The server asks for the body: the request is with it.
    await once(put, 'continue')
    const stopped = server.terminate()
    await expect.poll(() => server.log()).toContain('stopping')
    put.end(body)
    const [answer] = await once(put, 'response')
    expect(answer.statusCode).toBe(200)
    answer.resume()
    expect(await stopped).toBe(0)
    expect(
      (
        await clientOf(await serve())
          .config()
          .get('in-flight')
      ).data,
    ).toEqual({ slow: true })
  })

  it('logs what it did, never a key, a value or a name of one', async () => {
    const server = await serve({ args: ['--log-level', 'trace'] })
    const client = clientOf(server)
    await client.config().set('doc-secret-name', { field: 'secret-value' })
    await client.kv().bucket('buck').put('secret-key', 'secret-value')
    await failure(client.kv().bucket('buck').get('secret-missing'))
    await failure(client.kv().bucket('buck').put('secret key', 1))
    await fetch(`${server.url}/api/v1/kv/buckets/buck/keys/secret-key?secret=1`, {
      headers: { authorization: 'Bearer secret-token' },
    })
    await server.terminate()
    expect(server.log()).toContain('kv.put')
    expect(server.log()).not.toMatch(/secret/)
    expect(server.log()).not.toContain(server.apiKey)
  })

  it('in dev mode asks for no key, and answers no page from elsewhere', async () => {
    const server = await serve({ args: ['--dev'] })
    await clientOf(server).config().set('free', {})
    const status = async (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        request(`${server.url}/api/v1/config/free`, { headers }, (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        })
          .on('error', reject)
          .end()
      })
    expect(await status({})).toBe(200)
    expect(await status({ origin: 'http://localhost:5173' })).toBe(200)
    expect(await status({ host: 'evil.example' })).toBe(403)
    expect(await status({ origin: 'https://evil.example' })).toBe(403)
    expect(await status({ origin: 'null' })).toBe(403)
  })
})

describe('kill -9', () => {
  it('loses nothing that was acknowledged, and keeps nobody out', async () => {
    for (let round = 0; round < 3; round += 1) {
      const server = await serve()
      const bucket = createClient({ serverUrl: server.url, apiKey: server.apiKey, retry: false })
        .kv()
        .bucket('acknowledged')
      const written = new Map<string, number>()
      let killed = false
      const lanes = Array.from({ length: 8 }, async (_, lane) => {
        for (let n = 0; !killed; n += 1) {
          const key = `${round}.${lane}.${n}`
          try {
            written.set(key, (await bucket.put(key, n)).revision)
          } catch (error) {
            if (!killed) throw error
          }
        }
      })
      await expect.poll(() => written.size).toBeGreaterThan(200)
      killed = true
      await server.kill()
      await Promise.all(lanes)

      const again = clientOf(await serve())
        .kv()
        .bucket('acknowledged')
      const found = new Map<string, number>()
      for await (const { key, revision } of again.entries(`${round}.>`)) found.set(key, revision)
      for (const [key, revision] of written) expect(found.get(key)).toBe(revision)
      await running.pop()?.terminate()
    }
  })
})

describe('backup and restore', () => {
  it('bring everything back, as it was when it was copied', async () => {
    const server = await serve()
    await clientOf(server).config().set('before', { n: 1 })
    const file = join(directory, 'backup.db')
    expect(await ironflow(['backup', file, '--data', server.data])).toMatchObject({ code: 0 })
    expect(await ironflow(['backup', file, '--data', server.data])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there already'),
    })
    await clientOf(server).config().set('after', { n: 2 })
    await server.terminate()

    const restored = join(directory, 'restored')
    expect(await ironflow(['restore', file, '--data', restored])).toMatchObject({ code: 0 })
    expect(await ironflow(['restore', file, '--data', restored])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--force'),
    })
    const back = await startServer({ data: restored, env: { IRONFLOW_BOOTSTRAP_KEY: server.apiKey as string } })
    running.push(back)
    const config = clientOf(back).config()
    expect((await config.get('before')).data).toEqual({ n: 1 })
    expect(await failure(config.get('after'))).toBeInstanceOf(NotFoundError)
  })
})
