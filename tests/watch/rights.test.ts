import { type KvUpdate, UnauthorizedError } from '@ironflow/node'
import { describe, expect, it, vi } from 'vitest'
import { errorRecorder, useWorld } from '../support/world'

const world = useWorld()
const TRANSPORTS = ['websocket', 'sse', 'poll'] as const
const retry = { maxDelayMs: 20 }

const soon = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 10 })

/** A new key of that kind, which can be revoked. */
const newKey = (key: { scopes?: string[]; environment?: string } = {}) =>
  world
    .client()
    .admin()
    .apiKeys.create({ name: 'watcher', role: 'viewer', ...key })

describe.concurrent.each(TRANSPORTS)('over %s', (transport) => {
  it('a watch sees its own environment only (W3)', async () => {
    const name = `worlds-${transport}`
    const { key } = await newKey({ environment: 'blue' })
    const told: Record<string, unknown[]> = { asked: [], bound: [] }
    const asked = world.client({ transport, environment: 'blue' }).kv().bucket(name)
    const bound = world.client({ transport, apiKey: key }).kv().bucket(name)
    await asked.watch({ onUpdate: ({ data }) => told.asked?.push(data) }).ready
    await bound.watch({ onUpdate: ({ data }) => told.bound?.push(data) }).ready
    await world.client({ environment: 'red' }).kv().bucket(name).put('k', 'red')
    await world.client().kv().bucket(name).put('k', 'default')
    await world.client({ environment: 'blue' }).kv().bucket(name).put('k', 'blue')
    await soon(() => expect(told).toEqual({ asked: ['blue'], bound: ['blue'] }))
  })

  it('a watch that the key may not have is refused alone, and the others go on (W18)', async () => {
    const { key } = await newKey({ scopes: [`read:kv:open-${transport}`, `read:config:open-*`] })
    const { reports, onError } = errorRecorder()
    const client = world.client({ transport, apiKey: key, onError })
    const told: KvUpdate[] = []
    const open = client
      .kv()
      .bucket(`open-${transport}`)
      .watch({ onUpdate: (event) => told.push(event) })
    const errors: unknown[] = []
    const secret = client
      .kv()
      .bucket('secret')
      .watch({ onError: (error) => errors.push(error) })
    const topics: string[] = []
    await client.events().subscribe('system.config.>', ({ topic }) => topics.push(topic)).ready
    await open.ready
    await soon(() => expect(secret.status.state).toBe('unauthorized'))
    expect(errors).toEqual([expect.any(UnauthorizedError)])
    expect(reports).toMatchObject([{ context: { method: 'kv.watch', status: 403 } }])

    await world.client().kv().bucket(`open-${transport}`).put('k', 1)
    await world.client().config().set(`hidden-${transport}`, {})
    await world.client().config().set(`open-${transport}`, {})
    await soon(() => expect(told.map(({ data }) => data)).toEqual([1]))
    await soon(() => expect(topics).toEqual([`system.config.open-${transport}.updated`]))
    expect(open.status.state).toBe('live')
  })

  it('a key that is revoked ends its watches within five seconds, and the status says so (W19)', async () => {
    const { id, key } = await newKey()
    const { reports, onError } = errorRecorder()
    const client = world.client({ transport, apiKey: key, onError, retry })
    const told: unknown[] = []
    await client
      .kv()
      .bucket(`revoked-${transport}`)
      .watch({ onUpdate: ({ data }) => told.push(data) }).ready
    await world.client().admin().apiKeys.revoke(id)
    await soon(() => expect(client.status()).toMatchObject({ state: 'unauthorized', error: { status: 401 } }))
    expect(reports).toMatchObject([{ context: { method: 'kv.watch', status: 401 } }])
    await world.client().kv().bucket(`revoked-${transport}`).put('k', 1)
    expect(told).toEqual([])
  })

  it('a function that brings a new key goes on where the old one ended (W19)', async () => {
    const old = await newKey()
    let current = old.key
    const { reports, onError } = errorRecorder()
    const asked: string[] = []
    const apiKey = () => {
      asked.push(current)
      return current
    }
    const client = world.client({ transport, apiKey, onError, retry })
    const bucket = world.client().kv().bucket(`renewed-${transport}`)
    await bucket.put('k', 0)
    const told: unknown[] = []
    await client
      .kv()
      .bucket(bucket.name)
      .watch({ onUpdate: ({ data }) => told.push(data) }).ready
    current = (await newKey()).key
    await world.client().admin().apiKeys.revoke(old.id)
    await soon(() => expect(asked).toEqual([old.key, current]))
    await bucket.put('k', 1)
    await soon(() => expect(told).toEqual([0, 1]))
    expect(client.status().state).toBe('live')
    expect(reports).toEqual([])
  })

  it('a new key that a call has asked for brings refused watches back', async () => {
    const old = await newKey()
    let current = old.key
    const client = world.client({ transport, apiKey: () => current, retry })
    const watcher = client.kv().bucket(`back-${transport}`).watch()
    await watcher.ready
    await world.client().admin().apiKeys.revoke(old.id)
    await soon(() => expect(watcher.status.state).toBe('unauthorized'))
    current = (await newKey()).key
    await client.config().list()
    await soon(() => expect(watcher.status.state).toBe('live'))
  })
})
