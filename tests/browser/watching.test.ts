import type { ConfigUpdate, IronflowClient, KvUpdate } from '@ironflow/browser'
import type { JSHandle } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { useBrowserWorld } from '../support/browser-world'
import { type Front, startFront } from '../support/front'

const world = useBrowserWorld()
let viewer = ''
let front: Front

beforeAll(async () => {
  viewer = await world.key('viewer', 'read:config:app-settings')
  front = await startFront(world.server.url)
})
beforeEach(async () => {
  front.refusesUpgrades = false
  await world.admin.config().set('app-settings', { step: 0 })
})
afterAll(() => front?.close())

/** Watches the document in the page. The answer grows with what is told. */
const followed = (client: JSHandle<IronflowClient>) =>
  client.evaluateHandle(async (client) => {
    const told: Array<[initial: boolean, step: number]> = []
    await client.config().watch<{ step: number }>('app-settings', {
      onUpdate: ({ initial, data }: ConfigUpdate<{ step: number }>) => told.push([initial, data.step]),
    }).ready
    return told
  })
const statusOf = (client: JSHandle<IronflowClient>) =>
  client.evaluate((client) => {
    const { state, transport, transportReason } = client.status()
    return { state, transport, transportReason }
  })

describe('over a WebSocket', () => {
  it('a page follows a document, and no address has the key in it', async () => {
    const { page, client } = await world.open({ serverUrl: front.url, apiKey: viewer })
    const asked = front.requests.length
    const urls: string[] = []
    page.on('request', (request) => urls.push(request.url()))
    page.on('websocket', (socket) => urls.push(socket.url()))
    const told = await followed(client)
    await world.admin.config().set('app-settings', { step: 1 })
    await expect
      .poll(() => told.jsonValue())
      .toEqual([
        [true, 0],
        [false, 1],
      ])
    expect(await statusOf(client)).toEqual({ state: 'live', transport: 'websocket', transportReason: undefined })

    const base64url = Buffer.from(viewer).toString('base64url')
    const [upgrade] = front.requests.slice(asked)
    expect(upgrade).toMatchObject({ url: '/api/v1/ws', headers: { origin: world.origin } })
    expect(upgrade?.headers['sec-websocket-protocol']).toBe(`ironflow.v1, bearer.${base64url}`)
    expect(urls).toEqual([`${front.url.replace('http', 'ws')}/api/v1/ws`])
    for (const url of [...urls, ...front.requests.map(({ url }) => url)]) {
      expect(url).not.toContain(viewer)
      expect(url).not.toContain(base64url)
    }
  })

  it('there is one connection however many watches', async () => {
    const { page, client } = await world.open({ serverUrl: front.url, apiKey: await world.key('developer') })
    const opened: string[] = []
    page.on('websocket', (socket) => opened.push(socket.url()))
    const counts = await client.evaluateHandle(async (client) => {
      const counts = { updates: 0 }
      const count = () => {
        counts.updates++
      }
      const watches = Array.from({ length: 50 }, (_, index) => [
        client.config().watch('app-settings', { onUpdate: count }).ready,
        client.kv().bucket(`bucket-${index}`).watch({ onUpdate: count }).ready,
        client.config().live('app-settings').ready(),
      ])
      await Promise.all(watches.flat())
      return counts
    })
    expect(await counts.jsonValue()).toEqual({ updates: 50 })
    await world.admin.config().set('app-settings', { step: 1 })
    await world.admin.kv().bucket('bucket-7').put('a', 1)
    await expect.poll(() => counts.jsonValue()).toEqual({ updates: 101 })
    expect([opened.length, front.webSockets]).toEqual([1, 1])
    const metrics = await fetch(`${world.server.url}/metrics`, {
      headers: { authorization: `Bearer ${world.server.apiKey}` },
    })
    expect(await metrics.text()).toMatch(/^ironflow_watchers\{transport="websocket"\} 101$/m)
  })

  it('a live document and an iteration show what is written elsewhere, bytes too', async () => {
    const { client } = await world.open({ apiKey: await world.key('developer') })
    const found = client.evaluate(async (client) => {
      const live = client.config().live<{ step: number }>('app-settings')
      const changed = new Promise<void>((resolve) =>
        live.subscribe(() => live.getSnapshot()?.data.step === 9 && resolve()),
      )
      await live.ready()
      const before = live.getSnapshot()?.data
      const events: unknown[] = []
      await client.kv().bucket('inbox').put('ready', true)
      for await (const event of client.kv().bucket('inbox').watch() as AsyncIterable<KvUpdate>) {
        const data = event.data instanceof Uint8Array ? [...event.data] : event.data
        events.push([event.operation, event.key, data])
        if (event.operation === 'delete') break
      }
      await changed
      return { before, after: live.getSnapshot()?.data, events }
    })
    const inbox = world.admin.kv().bucket('inbox')
    await expect.poll(async () => (await inbox.find('ready'))?.value).toBe(true)
    const watchers = async () => {
      const headers = { authorization: `Bearer ${world.server.apiKey}` }
      const text = await (await fetch(`${world.server.url}/metrics`, { headers })).text()
      return Number(/^ironflow_watchers\{transport="websocket"\} (\d+)$/m.exec(text)?.[1] ?? 0)
    }
    await expect.poll(watchers).toBe(2)
    await inbox.put('bytes', new Uint8Array([0, 255]))
    await expect.poll(async () => (await inbox.find('bytes'))?.revision).toBeGreaterThan(0)
    await world.admin.config().set('app-settings', { step: 9 })
    await inbox.delete('ready')
    expect(await found).toEqual({
      before: { step: 0 },
      after: { step: 9 },
      events: [
        ['put', 'ready', true],
        ['put', 'bytes', [0, 255]],
        ['delete', 'ready', undefined],
      ],
    })
  })

  it('a key that is revoked ends in the state unauthorized, and is told once', async () => {
    const { apiKeys } = world.admin.admin()
    const { key, id } = await apiKeys.create({ name: 'short-lived', role: 'viewer' })
    const { client } = await world.open({ apiKey: key })
    const errors = await client.evaluateHandle(async (client) => {
      const codes: string[] = []
      await client.config().watch('app-settings', { onError: ({ code }) => codes.push(code) }).ready
      return codes
    })
    await apiKeys.revoke(id)
    await expect.poll(() => statusOf(client)).toMatchObject({ state: 'unauthorized' })
    expect(await errors.jsonValue()).toEqual(['unauthenticated'])
  })

  it('an origin that the server does not know is refused, and the page is told', async () => {
    const stranger = world.origin.replace('127.0.0.1', 'localhost')
    const { client } = await world.open({ apiKey: viewer, retry: { maxAttempts: 1 } }, { origin: stranger })
    const message = await client.evaluate(
      (client) =>
        new Promise<string>((resolve) => {
          client.config().watch('app-settings', { onError: (error) => resolve(error.message) })
        }),
    )
    expect(message).toMatch(/^cannot reach http:.*corsOrigins lack http:\/\/localhost/)
  })
})

describe('where no WebSocket passes', () => {
  it('a page follows over server-sent events, and says why', async () => {
    front.refusesUpgrades = true
    const { client } = await world.open({ serverUrl: front.url, apiKey: viewer })
    const told = await followed(client)
    await world.admin.config().set('app-settings', { step: 1 })
    await expect
      .poll(() => told.jsonValue())
      .toEqual([
        [true, 0],
        [false, 1],
      ])
    expect(await statusOf(client)).toEqual({
      state: 'live',
      transport: 'sse',
      transportReason: 'the WebSocket could not be opened',
    })
  })

  it('it is a WebSocket again once one passes', async () => {
    front.refusesUpgrades = true
    const { page, client } = await world.open({ serverUrl: front.url, apiKey: viewer }, { clock: true })
    const told = await followed(client)
    expect(await statusOf(client)).toMatchObject({ transport: 'sse' })
    front.refusesUpgrades = false
    await page.clock.fastForward(15_000)
    await expect
      .poll(() => statusOf(client))
      .toEqual({ state: 'live', transport: 'websocket', transportReason: undefined })
    await world.admin.config().set('app-settings', { step: 2 })
    await expect
      .poll(() => told.jsonValue())
      .toEqual([
        [true, 0],
        [false, 2],
      ])
  })

  it('a page that wants long polls has them', async () => {
    const { client } = await world.open({ serverUrl: front.url, apiKey: viewer, transport: 'poll' })
    const told = await followed(client)
    await world.admin.config().set('app-settings', { step: 3 })
    await expect
      .poll(() => told.jsonValue())
      .toEqual([
        [true, 0],
        [false, 3],
      ])
    expect(await statusOf(client)).toMatchObject({ state: 'live', transport: 'poll' })
  })
})
