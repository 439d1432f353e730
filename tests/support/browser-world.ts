import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type * as Sdk from '@ironflow/browser'
import { createClient, type IronflowClient, type Role } from '@ironflow/node'
import { build } from 'esbuild'
import { type Browser, type BrowserContext, chromium, type JSHandle, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { findBrowser } from '../../scripts/browser.mjs'
import { type ServerProcess, startServer } from '../../scripts/server-process.mjs'

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
  readonly browser: Browser
  /** Where pages come from. */
  readonly origin: string
  /** A client outside of the browser, with the admin key. */
  readonly admin: IronflowClient
  /** A new key of that kind. */
  key(role: Role, ...scopes: string[]): Promise<string>
  /** Opens a page in a browser profile of its own, which ends with the test. */
  open(options: Sdk.BrowserClientOptions, how?: { build?: Build; origin?: string; clock?: boolean }): Promise<OpenPage>
}

/** Starts all of it before the file's tests, and ends it after them. */
export function useBrowserWorld(): BrowserWorld {
  const world = {} as { -readonly [name in keyof BrowserWorld]: BrowserWorld[name] }
  const contexts: BrowserContext[] = []
  let site: Server | undefined

  world.key = async (role, ...scopes) => {
    const { key } = await world.admin.admin().apiKeys.create({ name: 'page', role, ...(scopes.length && { scopes }) })
    return key
  }
  world.open = async (options, { build = 'script', origin = world.origin, clock = false } = {}) => {
    const context = await world.browser.newContext()
    contexts.push(context)
    const page = await context.newPage()
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
    world.browser = await launch()
  })
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
  })
  afterAll(async () => {
    await world.browser?.close()
    await world.admin?.close()
    await world.server?.stop()
    site?.closeAllConnections()
    site?.close()
  })
  return world
}

async function launch(): Promise<Browser> {
  const executablePath = findBrowser()
  if (executablePath === undefined) throw new Error('there is no Chromium: run `node scripts/browser.mjs`')
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({
    executablePath,
    // A name that is not this machine's, for pages that are not trusted as those of localhost are.
    args: [...asRoot, '--host-resolver-rules=MAP app.test 127.0.0.1'],
    // Whoever looks at pages has this cache.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
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
