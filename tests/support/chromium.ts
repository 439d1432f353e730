import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type Browser, chromium, errors } from 'playwright-core'
import { findBrowser } from '../../scripts/browser.mjs'

/** How long a browser may take to say that it listens, or to end, in milliseconds. */
const PATIENCE_MS = 30_000
/** How long a browser that listens may take to answer, in milliseconds. */
const CONNECT_MS = 15_000
/** Now and then a headless Chromium listens and never answers: another one is started in its place. */
const LAUNCHES = 3

export interface Chromium {
  readonly browser: Browser
  close(): Promise<void>
}

/**
 * A Chromium as people have it: started by ourselves, since Playwright, where it starts one, makes every tab believe that
 * it is looked at, and turns the back-forward cache off.
 */
export async function launchChromium(): Promise<Chromium> {
  for (let launches = 1; ; launches++) {
    try {
      return await launch()
    } catch (error) {
      if (!(error instanceof errors.TimeoutError) || launches === LAUNCHES) throw error
    }
  }
}

async function launch(): Promise<Chromium> {
  const executable = findBrowser()
  if (executable === undefined) throw new Error('there is no Chromium: run `node scripts/browser.mjs`')
  const profile = await mkdtemp(join(tmpdir(), 'ironflow-chromium-'))
  const args = [
    '--headless',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    // A name that is not this machine's, for pages that are not trusted as those of localhost are.
    '--host-resolver-rules=MAP app.test 127.0.0.1',
  ]
  if (process.getuid?.() === 0) args.push('--no-sandbox')
  const child = spawn(executable, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'exit')

  const end = async () => {
    const timer = setTimeout(kill, PATIENCE_MS)
    await exited
    clearTimeout(timer)
    process.off('exit', kill)
    // What it started ends a moment later, and may still be writing.
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
  try {
    const address = await debuggerAddress(child.stderr)
    const browser = await chromium.connectOverCDP(address, { noDefaults: true, timeout: CONNECT_MS })
    return {
      browser,
      close: async () => {
        const session = await browser.newBrowserCDPSession()
        await session.send('Browser.close')
        await end()
      },
    }
  } catch (error) {
    kill()
    await end()
    throw error
  }
}

/** The address in the line by which a browser says that it can be told what to do. Reads on, so that it can say more. */
function debuggerAddress(output: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines: string[] = []
    const fail = (what: string) => reject(new Error(`the browser ${what}: ${lines.join('\n')}`))
    const timer = setTimeout(() => fail(`did not listen within ${PATIENCE_MS} ms`), PATIENCE_MS)
    createInterface({ input: output })
      .on('line', (line) => {
        lines.push(line)
        const [, address] = /^DevTools listening on (ws:\S+)/.exec(line) ?? []
        if (address === undefined) return
        clearTimeout(timer)
        resolve(address)
      })
      .on('close', () => {
        clearTimeout(timer)
        fail('ended before it listened')
      })
  })
}
