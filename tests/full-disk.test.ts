import { execFile, execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from '@ironflow/node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ServerProcess, startServer } from '../scripts/server-process.mjs'
import { failure } from './support/world'

/** A file system of 4 MiB; mounting one needs root, so these tests are skipped for other users. */
function mount(directory: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', directory], { stdio: 'ignore' })
}

function canMount(): boolean {
  if (process.platform !== 'linux') return false
  const directory = mkdtempSync(join(tmpdir(), 'ironflow-mount-'))
  try {
    mount(directory)
    execFileSync('umount', [directory])
    return true
  } catch {
    return false
  } finally {
    rmdirSync(directory)
  }
}

let mounted: string
const running: ServerProcess[] = []

async function serve(): Promise<ServerProcess> {
  const server = await startServer({ data: join(mounted, 'data') })
  running.push(server)
  return server
}

function bucketOf({ url, apiKey }: ServerProcess) {
  return createClient({ serverUrl: url, apiKey, retry: false }).kv().bucket<string>('b')
}

/** Takes what room there is. Returns the function that gives it back. */
function fillUp(): () => void {
  const path = join(mounted, 'filler')
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(4096))
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' })
  } finally {
    closeSync(file)
  }
  return () => rmSync(path)
}

describe.skipIf(!canMount())('a store on a file system of its own', () => {
  beforeEach(() => {
    mounted = mkdtempSync(join(tmpdir(), 'ironflow-mount-'))
    mount(mounted)
  })
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop()
    execFileSync('umount', [mounted])
    rmdirSync(mounted)
  })

  it.each(['terminate', 'kill'] as const)(
    'after %s and on a full disk, the server starts, reads, refuses writes with 507, and takes them again when there is room',
    async (end) => {
      const first = await serve()
      for (let n = 0; n < 30; n += 1) await bucketOf(first).put(`k${n}`, 'x'.repeat(10_000))
      await first[end]()
      const makeRoom = fillUp()
      const server = await serve()
      const bucket = bucketOf(server)
      expect((await bucket.get('k29')).value).toHaveLength(10_000)
      expect(await failure(bucket.put('large', 'y'.repeat(50_000)))).toMatchObject({
        code: 'storage_full',
        status: 507,
      })
      makeRoom()
      await bucket.put('large', 'y'.repeat(50_000))
      await expect.poll(async () => (await fetch(`${server.url}/ready`)).status).toBe(200)
    },
  )

  it('on a disk that is read-only, the server says so and advises no restore', async () => {
    const first = await serve()
    await bucketOf(first).put('k', 'v')
    await first.terminate()
    execFileSync('mount', ['-o', 'remount,ro', mounted])
    const bin = new URL('../packages/cli/bin/ironflow.js', import.meta.url).pathname
    const started = promisify(execFile)(process.execPath, [bin, 'serve', '--port', '0', '--data', first.data])
    await expect(started).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^ironflow: (?!.*(damaged|restore)).*read-only file system.*the data is untouched\n$/,
      ),
    })
    execFileSync('mount', ['-o', 'remount,rw', mounted])
    expect((await bucketOf(await serve()).get('k')).value).toBe('v')
  })
})
