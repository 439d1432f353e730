import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createClient } from '@ironflow/node'
import { chromium } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findBrowser } from '../scripts/browser.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

let directory: string
const running: ChildProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ironflow-test-'))
})
afterEach(async () => {
  for (const child of running.splice(0)) await end(child, 'SIGTERM')
  await rm(directory, { recursive: true, force: true })
})

/** `npm start` without its set-up, which the tests have had already. */
function start(port: string, pagePort = '', data = 'data') {
  const env = {
    ...process.env,
    IRONFLOW_PORT: port,
    IRONFLOW_PAGE_PORT: pagePort,
    IRONFLOW_DATA: join(directory, data),
  }
  const child = spawn(process.execPath, [join(ROOT, 'scripts/start.mjs'), '--built'], { env })
  running.push(child)
  let printed = ''
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (chunk) => {
      printed += chunk
    })
  }
  return { child, printed: () => printed }
}

/** The addresses that it prints once both can be reached. */
async function addresses({ printed }: ReturnType<typeof start>) {
  await expect.poll(printed, { timeout: 15_000 }).toContain('Ctrl-C ends both')
  const [page, server] = ['page', 'server'].map((name) => new RegExp(`^ +${name} +(\\S+)`, 'm').exec(printed())?.[1])
  return { page: String(page), server: String(server) }
}

async function freePort(): Promise<string> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return String(port)
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  return child.exitCode
}

describe('npm start', () => {
  it('serves a page that knows the server, and flags that its script can set', async () => {
    const { page, server } = await addresses(start('0'))
    expect(await (await fetch(page)).text()).toContain('<title>Ironflow, live</title>')
    const script = await (await fetch(new URL('src/main.ts', page))).text()
    expect(script).toContain(server)
    const sdk = /from "(\S+browser\S+)"/.exec(script)?.[1]
    expect((await fetch(new URL(String(sdk), page))).status).toBe(200)

    const args = [join(ROOT, 'examples/node_modules/tsx/dist/cli.mjs'), 'src/set-flag.ts', 'new-checkout', 'on']
    const env = { ...process.env, IRONFLOW_SERVER_URL: server }
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: join(ROOT, 'examples'), env })
    expect(stdout).toMatch(/^new-checkout is on, at revision \d+\n$/)
    await using client = createClient({ serverUrl: server })
    expect((await client.kv().bucket<boolean>('flags').get('new-checkout')).value).toBe(true)
    expect((await client.config().get('app-settings')).data).toMatchObject({ maintenance: false })
  })

  it('serves a page that shows what is set, at once, and what is taken away', async () => {
    const { page: address, server } = await addresses(start('0'))
    await using client = createClient({ serverUrl: server })
    const flags = client.kv().bucket<boolean>('flags')
    const browser = await chromium.launch({
      executablePath: String(findBrowser()),
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    })
    try {
      const page = await browser.newPage()
      await page.goto(address)
      await page.getByText('live over a WebSocket').waitFor()
      await page.getByRole('row', { name: 'new-checkout off' }).waitFor()
      await flags.put('new-checkout', true)
      await page.getByRole('row', { name: 'new-checkout on' }).waitFor()
      expect(await page.getByRole('status').textContent()).toBe('new-checkout is on')
      await flags.delete('new-checkout')
      await page.getByRole('row', { name: 'new-checkout' }).waitFor({ state: 'detached' })
      await client.config().patch('app-settings', { banner: 'Sale today' })
      await page.getByText('Sale today', { exact: true }).waitFor()
      await client.config().delete('app-settings')
      await page.getByText('there is no such document').waitFor()
    } finally {
      await browser.close()
    }
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends the page and the server on %s', async (signal) => {
    const started = start('0')
    const { page, server } = await addresses(started)
    expect(await end(started.child, signal)).toBe(0)
    await expect(fetch(page)).rejects.toThrow()
    await expect(fetch(`${server}/health`)).rejects.toThrow()
  })

  it('leaves what somebody has changed as it is', async () => {
    const first = start('0')
    const client = createClient({ serverUrl: (await addresses(first)).server })
    await client.config().patch('app-settings', { theme: 'crimson' })
    await client.close()
    await end(first.child, 'SIGTERM')
    await using again = createClient({ serverUrl: (await addresses(start('0'))).server })
    expect((await again.config().get('app-settings')).data.theme).toBe('crimson')
  })

  it('serves the page on the port that it is told, and says what to do where that is in use', async () => {
    const port = await freePort()
    expect(new URL((await addresses(start('0', port))).page).port).toBe(port)
    const { child, printed } = start('0', port, 'other')
    const [code] = await once(child, 'close')
    expect(printed()).toBe(
      `\nnpm start: port ${port}, for the page, is in use. To take another one: IRONFLOW_PAGE_PORT=5200 npm start\n`,
    )
    expect(code).toBe(1)
  })

  it('refuses a port for the page that is none', async () => {
    const { child, printed } = start('0', 'vite')
    const [code] = await once(child, 'close')
    expect(printed()).toBe('\nnpm start: IRONFLOW_PAGE_PORT must be 0 to 65535, not "vite"\n')
    expect(code).toBe(1)
  })

  it('says what to do where the port is in use', async () => {
    const other = createServer()
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    try {
      const { port } = other.address() as { port: number }
      const { child, printed } = start(String(port))
      const [code] = await once(child, 'close')
      expect(printed()).toBe(`\nnpm start: port ${port} is in use. To take another one: IRONFLOW_PORT=9200 npm start\n`)
      expect(code).toBe(1)
    } finally {
      other.close()
    }
  })
})
