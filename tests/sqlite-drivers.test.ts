import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from '@ironflow/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nodeExecutable } from '../scripts/node-executable.mjs'
import { startServer } from '../scripts/server-process.mjs'

const majorVersion = Number.parseInt(process.versions.node, 10)

/** A data directory that several servers use, one after another. */
async function dataDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ironflow-drivers-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return join(directory, 'data')
}

async function serve(node: string, data: string) {
  const server = await startServer({ node, data })
  onTestFinished(() => server.stop())
  const client = createClient({ serverUrl: server.url, apiKey: server.apiKey, retry: false })
  onTestFinished(() => client.close())
  return { server, bucket: client.kv().bucket('b') }
}

const VALUES = {
  text: 'NUL \0, é, 😀',
  empty: '',
  json: { n: 2 ** 53 - 1, x: 0.1, list: [null, true] },
  bytes: Uint8Array.of(0, 1, 255),
  noBytes: new Uint8Array(0),
}

// Without a binding of better-sqlite3 there is one library only.
describe.skipIf(majorVersion >= 24)('a store on node:sqlite and on better-sqlite3', () => {
  it.each([
    { from: 'better-sqlite3', to: 'node:sqlite', end: 'terminate' },
    { from: 'better-sqlite3', to: 'node:sqlite', end: 'kill' },
    { from: 'node:sqlite', to: 'better-sqlite3', end: 'terminate' },
    { from: 'node:sqlite', to: 'better-sqlite3', end: 'kill' },
  ] as const)('is written by $from, ends by $end, and goes on by $to', async ({ from, to, end }) => {
    const nodes = { 'node:sqlite': await nodeExecutable('24'), 'better-sqlite3': process.execPath }
    const data = await dataDirectory()
    const first = await serve(nodes[from], data)
    for (const [key, value] of Object.entries(VALUES)) await first.bucket.put(key, value)
    await first.bucket.put('mortal', 1, { ttlSeconds: 3600 })
    await first.bucket.delete('mortal')
    const written = await first.bucket.put('last', 'one')
    await first.server[end]()

    const second = await serve(nodes[to], data)
    for (const [key, value] of Object.entries(VALUES)) expect((await second.bucket.get(key)).value).toEqual(value)
    expect(await second.bucket.find('mortal')).toBeUndefined()
    expect((await second.bucket.history('mortal')).map(({ operation }) => operation)).toEqual(['delete'])
    const next = await second.bucket.update('last', 'two', written.revision)
    expect(next.revision).toBe(written.revision + 1)
    await second.server[end]()

    const third = await serve(nodes[from], data)
    expect(await third.bucket.get('last')).toMatchObject({ value: 'two', revision: next.revision })
    expect((await third.bucket.listKeys()).sort()).toEqual([...Object.keys(VALUES), 'last'].sort())
  })

  it('is not opened with a binding that was made for another Node.js: the message says so, and what to run', async () => {
    const node = await nodeExecutable(majorVersion === 22 ? '20' : '22')
    const bin = new URL('../packages/cli/bin/ironflow.js', import.meta.url).pathname
    const data = await dataDirectory()
    const started = promisify(execFile)(node, [bin, 'serve', '--port', '0', '--data', data])
    await expect(started).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^ironflow: better-sqlite3 was not made for Node\.js \d.*NODE_MODULE_VERSION.*run `npm rebuild better-sqlite3`/,
      ),
    })
    await expect(started).rejects.toMatchObject({ stderr: expect.not.stringContaining(data) })
  })
})
