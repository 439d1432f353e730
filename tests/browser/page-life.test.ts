import type { IronflowClient } from '@ironflow/browser'
import type { JSHandle, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { useBrowserWorld } from '../support/browser-world'
import { type Front, startFront } from '../support/front'

const world = useBrowserWorld({ tabs: true })
let viewer = ''
let front: Front

beforeAll(async () => {
  viewer = await world.key('viewer', 'read:config:app-settings')
  front = await startFront(world.server.url)
})
beforeEach(async () => {
  await world.admin.config().set('app-settings', { step: 0 })
})
afterAll(() => front?.close())

const FIVE_MINUTES_MS = 300_000

/** Watches the document in the page. The answer grows with the steps that are told. */
const followed = (client: JSHandle<IronflowClient>) =>
  client.evaluateHandle(async (client) => {
    const steps: number[] = []
    await client.config().watch<{ step: number }>('app-settings', { onUpdate: ({ data }) => steps.push(data.step) })
      .ready
    return steps
  })
const statusOf = (client: JSHandle<IronflowClient>) => client.evaluate((client) => client.status())
const write = (step: number) => world.admin.config().set('app-settings', { step })

/** Puts another tab in front of the page's, and answers what takes that back. */
async function hide(page: Page): Promise<() => Promise<void>> {
  const other = await page.context().newPage()
  await other.bringToFront()
  await expect.poll(() => page.evaluate(() => document.visibilityState)).toBe('hidden')
  return async () => {
    await page.bringToFront()
    await expect.poll(() => page.evaluate(() => document.visibilityState)).toBe('visible')
  }
}

describe('a page that nobody sees', () => {
  it('gives up its connection after 5 minutes, and is in sync again when somebody looks', async () => {
    const { page, client } = await world.open({ serverUrl: front.url, apiKey: viewer }, { clock: true })
    const steps = await followed(client)
    const show = await hide(page)
    expect(await statusOf(client)).toMatchObject({ state: 'live' })
    await page.clock.fastForward(FIVE_MINUTES_MS)
    await expect.poll(() => statusOf(client)).toMatchObject({ state: 'paused', reasons: ['hidden'] })
    await expect.poll(() => front.webSockets).toBe(0)
    await write(1)
    await show()
    await expect.poll(() => steps.jsonValue()).toEqual([0, 1])
    expect(await statusOf(client)).toMatchObject({ state: 'live', transport: 'websocket' })
    expect(front.webSockets).toBe(1)
  })

  it('stays connected where that was asked for', async () => {
    const options = { serverUrl: front.url, apiKey: viewer, pauseWhenHidden: false }
    const { page, client } = await world.open(options, { clock: true })
    const steps = await followed(client)
    await hide(page)
    await page.clock.fastForward(2 * FIVE_MINUTES_MS)
    await write(2)
    await expect.poll(() => steps.jsonValue()).toEqual([0, 2])
  })

  it('that the browser freezes has closed its connection, and goes on when it is thawed', async () => {
    const { page, client } = await world.open({ serverUrl: front.url, apiKey: viewer })
    const steps = await followed(client)
    const session = await page.context().newCDPSession(page)
    await hide(page)
    await session.send('Page.setWebLifecycleState', { state: 'frozen' })
    await expect.poll(() => front.webSockets).toBe(0)
    await write(3)
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    await expect.poll(() => steps.jsonValue()).toEqual([0, 3])
  })
})

describe('a page whose network goes away', () => {
  it('says so, and is told what it missed once the network is back', async () => {
    const { context, client } = await world.open({ serverUrl: front.url, apiKey: viewer })
    const steps = await followed(client)
    await context.setOffline(true)
    front.isDown = true
    await expect.poll(() => statusOf(client)).toMatchObject({ state: 'interrupted' })
    await write(4)
    await write(5)
    front.isDown = false
    await context.setOffline(false)
    await expect.poll(() => steps.jsonValue()).toEqual([0, 5])
    expect(await statusOf(client)).toMatchObject({ state: 'live' })
  })

  it('opens another connection when it comes back, since the old one may be dead', async () => {
    const { page, context, client } = await world.open({ serverUrl: front.url, apiKey: viewer })
    const steps = await followed(client)
    const opened: string[] = []
    page.on('websocket', (socket) => opened.push(socket.url()))
    await context.setOffline(true)
    await context.setOffline(false)
    await expect.poll(() => opened.length).toBe(1)
    await write(6)
    await expect.poll(() => steps.jsonValue()).toEqual([0, 6])
    await expect.poll(() => front.webSockets).toBe(1)
  })
})

/** What the last test leaves in its page: a page that comes back has other handles than before. */
interface Life {
  client: IronflowClient
  steps: number[]
  persisted: boolean[]
}

it('a page that is left is cached without a connection, and is in sync when it comes back', async () => {
  const { page, client } = await world.open({ serverUrl: front.url, apiKey: viewer })
  const steps = await followed(client)
  await client.evaluate((client, steps) => {
    const persisted: boolean[] = []
    addEventListener('pageshow', (event) => persisted.push(event.persisted))
    Object.assign(globalThis, { client, steps, persisted } satisfies Life)
  }, steps)
  await page.goto(`${world.origin}/elsewhere.html`)
  await expect.poll(() => front.webSockets).toBe(0)
  await write(7)
  // Nothing is loaded, so there is nothing else to wait for.
  await page.goBack({ waitUntil: 'commit' })
  const life = () =>
    page.evaluate(() => {
      const { client, steps, persisted } = globalThis as unknown as Life
      return { steps, persisted, state: client.status().state }
    })
  await expect.poll(life).toEqual({ steps: [0, 7], persisted: [true], state: 'live' })
  expect(front.webSockets).toBe(1)
})
