import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type * as Sdk from '@ironflow/browser'
import { createClient, type IronflowClient, type Role } from '@ironflow/node'
import { build } from 'esbuild'
import type { BrowserContext, JSHandle, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { type ServerProcess, startServer } from '../../scripts/server-process.mjs'
import { type Chromium, launchChromium } from './chromium'

declare global {
  /** The browser package, in pages: what the script tag makes, and what our bundle of the ES module makes of itself. */
  const Ironflow: typeof Sdk
}

/** Which of the package's two builds a page has. */
export type Build = 'script' | 'module'

/** A page of another origin than the server's, and its client. */
export interface OpenPage {
  readonly page: Page
  readonly context: BrowserContext
  readonly client: JSHandle<IronflowClient>
}

/** A real server that wants keys, a site whose origin it admits, and a real browser, for one test file. */
export interface BrowserWorld {
  readonly server: ServerProcess
  /** Where pages come from. */
  readonly origin: string
  /** A client outside of the browser, with the admin key. */
  readonly admin: IronflowClient
  /** A new key of that kind. */
  key(role: Role, ...scopes: string[]): Promise<string>
  /** Opens a page, which ends with the test. */
  open(options: Sdk.BrowserClientOptions, how?: { build?: Build; origin?: string; clock?: boolean }): Promise<OpenPage>
}

/**
 * Starts all of it before the file's tests, and ends it after them. Each page has a browser profile of its own; with
 * `tabs`, pages are tabs of one window instead, of which people see one at a time.
 */
export function useBrowserWorld({ tabs = false } = {}): BrowserWorld {
  const world = {} as { -readonly [name in keyof BrowserWorld]: BrowserWorld[name] }
  const opened: Array<Page | BrowserContext> = []
  let site: Server | undefined
  let chromium: Chromium | undefined

  world.key = async (role, ...scopes) => {
    const { key } = await world.admin.admin().apiKeys.create({ name: 'page', role, ...(scopes.length && { scopes }) })
    return key
  }
  world.open = async (options, { build = 'script', origin = world.origin, clock = false } = {}) => {
    const { browser } = chromium as Chromium
    const context = (tabs && browser.contexts()[0]) || (await browser.newContext())
    const page = await context.newPage()
    opened.push(tabs ? page : context)
    if (clock) await page.clock.install()
    await page.goto(`${origin}/${build}.html`)
    const all = { serverUrl: world.server.url, ...options }
    const client = await page.evaluateHandle((options) => Ironflow.createClient(options), all)
    return { page, context, client }
  }

  beforeAll(async () => {
    site = await serveSite()
    const { port } = site.address() as AddressInfo
    world.origin = `http://127.0.0.1:${port}`
    const origins = [world.origin, `http://app.test:${port}`]
    world.server = await startServer({ args: origins.flatMap((origin) => ['--cors-origin', origin]) })
    world.admin = createClient({ serverUrl: world.server.url, apiKey: world.server.apiKey })
    chromium = await launchChromium()
    // The first start of a browser on a machine takes its time.
  }, 120_000)
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
  })
  afterAll(async () => {
    await chromium?.close()
    await world.admin?.close()
    await world.server?.stop()
    site?.closeAllConnections()
    site?.close()
  })
  return world
}

/** A site with a page for each build of the package. */
async function serveSite(): Promise<Server> {
  const dist = (path: string) => fileURLToPath(new URL(`../../packages/browser/dist/${path}`, import.meta.url))
  const { outputFiles } = await build({
    stdin: {
      contents: "import * as Ironflow from '@ironflow/browser'; globalThis.Ironflow = Ironflow",
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    format: 'esm',
    write: false,
  })
  const files = new Map<string, [type: string, content: string]>([
    ['/script.html', ['text/html', '<!doctype html><title>a page</title><script src="/script.js"></script>']],
    [
      '/module.html',
      ['text/html', '<!doctype html><title>a page</title><script type="module" src="/module.js"></script>'],
    ],
    ['/elsewhere.html', ['text/html', '<!doctype html><title>another page</title>']],
    ['/script.js', ['text/javascript', await readFile(dist('ironflow.global.js'), 'utf8')]],
    ['/module.js', ['text/javascript', outputFiles[0]?.text ?? '']],
  ])
  const server = createServer(({ url = '' }, response) => {
    const [type, content] = files.get(url) ?? []
    if (content === undefined) response.writeHead(404).end()
    else response.setHeader('content-type', `${type}; charset=utf-8`).end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
