import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createClient } from '@ironflow/node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ServerProcess, startServer } from '../scripts/server-process.mjs'

const BIN = fileURLToPath(new URL('../packages/cli/bin/ironflow.js', import.meta.url))

let directory: string
const running: ServerProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ironflow-test-'))
})
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
  await rm(directory, { recursive: true, force: true })
})

async function serve(...args: string[]): Promise<ServerProcess> {
  const server = await startServer({ data: join(directory, 'data'), args })
  running.push(server)
  return server
}

const documentOf = ({ url, apiKey }: ServerProcess) =>
  fetch(`${url}/api/v1/config/doc`, { headers: { authorization: `Bearer ${apiKey}` } })

describe('a server whose log was lost', () => {
  it('does not start, and with --accept-data-loss it starts a new life in which old ETags match nothing', async () => {
    const first = await serve()
    const config = createClient({ serverUrl: first.url, apiKey: first.apiKey }).config()
    await config.set('doc', { n: 1 })
    await first.terminate()
    const second = await serve()
    const lost = createClient({ serverUrl: second.url, apiKey: second.apiKey }).config()
    await lost.set('doc', { n: 2 })
    const etag = String((await documentOf(second)).headers.get('etag'))
    await lost.set('doc', { n: 3 })
    await second.kill()
    await rm(join(second.data, 'ironflow.db-wal'))

    const refusal = promisify(execFile)(process.execPath, [BIN, 'serve', '--port', '0', '--data', second.data])
    await expect(refusal).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^ironflow: .* \d+ revisions, acknowledged writes among them, are gone.*\n$/),
    })

    const third = await serve('--accept-data-loss')
    expect(third.log()).toContain('missingRevisions')
    const headers = { authorization: `Bearer ${third.apiKey}`, 'content-type': 'application/json' }
    expect(await (await documentOf(third)).json()).toMatchObject({ data: { n: 1 } })
    const url = `${third.url}/api/v1/config/doc`
    const put = { method: 'POST', body: JSON.stringify({ n: 4 }), headers: { ...headers, 'if-match': etag } }
    expect((await fetch(url, put)).status).toBe(412)
    const written = await fetch(url, { ...put, headers })
    expect(Number(written.headers.get('x-ironflow-revision'))).toBeGreaterThan(1_000_000)
    expect((await fetch(url, { headers: { ...headers, 'if-none-match': etag } })).status).toBe(200)
    await third.terminate()
    expect(await (await documentOf(await serve())).json()).toMatchObject({ data: { n: 4 } })
  })
})
