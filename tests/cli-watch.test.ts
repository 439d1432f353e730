import { execFile } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { BIN, type Running, startCli } from './support/cli'
import { tcpProxy } from './support/tcp-proxy'
import { useWorld } from './support/world'

const world = useWorld()
const running: Running[] = []

afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
})

const variables = (environment: string) => ({
  IRONFLOW_SERVER_URL: world.server.url,
  IRONFLOW_API_KEY: world.server.apiKey,
  IRONFLOW_ENV: environment,
})

/** Starts a command and waits until its watch is live. */
async function follow(environment: string, line: string, env: Record<string, string> = {}): Promise<Running> {
  const started = startCli(line.split(' '), { ...variables(environment), ...env })
  running.push(started)
  await expect.poll(started.stderr).toContain('# live (websocket)')
  return started
}

describe('ironflow config watch', () => {
  it('prints the document, then every change, and ends with 0 on SIGINT', async () => {
    const config = world.client({ environment: 'follow' }).config()
    await config.set('limits', { seats: 5 })
    const { child, stdout, ended } = await follow('follow', 'config watch limits')
    await expect.poll(stdout).toMatch(/^\S+Z {2}\d+ {2}\{"seats":5\}\n$/)
    await config.patch('limits', { seats: 6 })
    await expect.poll(stdout).toContain('{"seats":6}\n')
    await config.delete('limits')
    await expect.poll(stdout).toMatch(/ {2}deleted\n$/)
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining('ironflow:') })
  })

  it('prints a line of JSON per event with --json', async () => {
    const config = world.client({ environment: 'lines' }).config()
    const { child, stdout, ended } = await follow('lines', 'config watch limits --json')
    await config.set('limits', { seats: 5 })
    await config.delete('limits')
    await expect.poll(() => stdout().split('\n').length).toBe(3)
    child.kill('SIGTERM')
    const { code, stdout: printed } = await ended
    expect(code).toBe(0)
    expect(
      printed
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { type: 'config_update', data: { seats: 5 } },
      { type: 'config_delete', name: 'limits' },
    ])
  })
})

describe('ironflow kv watch', () => {
  it('prints the keys that fit, with their changes', async () => {
    const bucket = world.client({ environment: 'keys' }).kv().bucket('sessions')
    await bucket.put('user.1', 'a')
    await bucket.put('group.1', 'b')
    const { stdout } = await follow('keys', 'kv watch sessions user.*')
    await expect.poll(stdout).toMatch(/ {2}user\.1 {2}"a"\n$/)
    await bucket.delete('user.1')
    await expect.poll(stdout).toMatch(/ {2}user\.1 {2}delete\n$/)
    expect(stdout()).not.toContain('group.1')
  })

  it('leaves the current values out with --updates-only', async () => {
    const bucket = world.client({ environment: 'updates' }).kv().bucket('flags')
    await bucket.put('old', 1)
    const { stdout } = await follow('updates', 'kv watch flags --updates-only --json')
    await bucket.put('new', 2)
    await expect.poll(stdout).toContain('"new"')
    expect(stdout()).not.toContain('"old"')
  })

  it('follows a bucket that does not exist yet', async () => {
    const { stdout } = await follow('early', 'kv watch flags')
    await world.client({ environment: 'early' }).kv().bucket('flags').put('a', true)
    await expect.poll(stdout).toMatch(/ {2}a {2}true\n$/)
  })
})

describe('a watch', () => {
  it('says on standard error that it is interrupted, and goes on', async () => {
    await using proxy = await tcpProxy(world.server.url, { cutAfter: () => 0 })
    proxy.isCutting = false
    const config = world.client({ environment: 'cuts' }).config()
    const { stdout, stderr } = await follow('cuts', 'config watch limits', { IRONFLOW_SERVER_URL: proxy.url })
    proxy.isCutting = true
    await config.set('limits', { seats: 6 })
    await expect.poll(stderr).toContain('# interrupted: ')
    proxy.isCutting = false
    await expect.poll(stdout).toContain('{"seats":6}\n')
  })

  it('ends with 5 when its key is revoked', async () => {
    const { apiKeys } = world.client().admin()
    const { id, key } = await apiKeys.create({ name: 'short-lived', role: 'viewer' })
    const { ended } = await follow('revoked', 'config watch limits', { IRONFLOW_API_KEY: key })
    await apiKeys.revoke(id)
    expect(await ended).toMatchObject({ code: 5, stderr: expect.stringMatching(/\nironflow: .+\n$/) })
  })

  it('ends quietly when its reader has seen enough', async () => {
    const bucket = world.client({ environment: 'pipe' }).kv().bucket('flags')
    await bucket.put('a', 1)
    const command = `"${process.execPath}" "${BIN}" kv watch flags 2>stderr.$$ | head -1; echo "\${PIPESTATUS[0]}"; cat stderr.$$; rm stderr.$$`
    const env = { ...process.env, ...variables('pipe') }
    const printed = new Promise<string>((resolve) => {
      execFile('bash', ['-c', command], { env, timeout: 20_000 }, (_, stdout) => resolve(stdout))
    })
    let n = 1
    const timer = setInterval(() => void bucket.put('a', ++n), 100)
    try {
      expect(await printed).toMatch(/^\S+Z {2}\d+ {2}a {2}\d+\n0\n# live \(websocket\); Ctrl-C ends it\n$/)
    } finally {
      clearInterval(timer)
    }
  })
})
