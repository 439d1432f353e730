import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BIN } from './support/cli'
import { useWorld } from './support/world'

const world = useWorld()
let directory: string
const running: ChildProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ironflow-test-'))
})
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  await rm(directory, { recursive: true, force: true })
})

/** `script` of util-linux gives a command a terminal. */
const hasTerminal = (() => {
  try {
    return execFileSync('script', ['--version']).includes('util-linux')
  } catch {
    return false
  }
})()

/** Runs a command on a terminal, and returns what it shows there. */
function onTerminal(args: string[], env: Record<string, string | undefined> = {}) {
  const command = ['exec', process.execPath, BIN, ...args]
    .map((word) => `'${word}'`)
    .join(' ')
    .replace("'exec'", 'exec')
  const child = spawn('script', ['-qefc', command, '/dev/null'], { env: { ...process.env, ...env } })
  running.push(child)
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  return { child, shown: () => Buffer.concat(chunks).toString().replaceAll('\r', '') }
}

describe.skipIf(!hasTerminal)('on a terminal', () => {
  it('ironflow serve says in three lines where it is, that a key is needed and what to try', async () => {
    const data = join(directory, 'data')
    const { child, shown } = onTerminal(['serve', '--port', '0', '--data', data])
    await expect.poll(shown).toContain('Try in another terminal')
    const [first, second, third, ...rest] = shown().split('\n')
    expect(first).toMatch(/^Ironflow listens on http:\/\/127\.0\.0\.1:\d+, with its data in .+\. Ctrl-C stops it\.$/)
    expect(second).toBe(
      `Every call needs an API key. The first one, for an administrator, is in ${join(data, 'bootstrap-key.json')}`,
    )
    expect(third).toMatch(/^Try in another terminal: IRONFLOW_API_KEY=<key> ironflow config set .* --server http/)
    expect(rest).toEqual([''])

    child.stdin.write('\u0003')
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    expect(shown()).toMatch(/\d\d:\d\d:\d\d info {2}stopped\n$/)
  })

  it('ironflow serve --dev says that no key is needed', async () => {
    const { shown } = onTerminal(['serve', '--dev', '--port', '0', '--data', join(directory, 'data')])
    await expect.poll(shown).toContain('No API key is needed; only this machine is answered.')
  })

  it('a list has titles, and an empty one says so', async () => {
    await world.client({ environment: 'full' }).config().set('limits', {})
    const env = { IRONFLOW_SERVER_URL: world.server.url, IRONFLOW_API_KEY: world.server.apiKey }
    const full = onTerminal(['config', 'list', '--env', 'full'], env)
    await once(full.child, 'close')
    expect(full.shown()).toMatch(/^NAME {4}REVISION {2}UPDATED\nlimits {2}\d/)
    const empty = onTerminal(['config', 'list', '--env', 'empty'], env)
    await once(empty.child, 'close')
    expect(empty.shown()).toBe('There are no documents.\n')
  })

  it('bytes are not poured out', async () => {
    await world
      .client()
      .kv()
      .bucket('images')
      .put('logo', new Uint8Array([27, 91, 51]))
    const env = { IRONFLOW_SERVER_URL: world.server.url, IRONFLOW_API_KEY: world.server.apiKey }
    const { child, shown } = onTerminal(['kv', 'get', 'images', 'logo'], env)
    await once(child, 'close')
    expect(shown()).toBe('<3 bytes>; to see them: ironflow kv get images logo > file\n')
  })
})
