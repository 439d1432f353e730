import { expect, test } from 'vitest'
import { Client } from '../../src/client'
import type { ClientOptions } from '../../src/options'
import { FakePlatform, settle } from '../fake-platform'

/** A client that watches over sockets of the test's. */
async function watching(options: ClientOptions) {
  const platform = new FakePlatform()
  const client = new Client({ ...options, environment: undefined }, platform)
  client.kv().bucket('b').watch()
  await settle()
  /** The newest socket's server answers the upgrade with 503. */
  const refuse = async (retryAfter: string) => {
    const headers = new Headers({ 'retry-after': retryAfter })
    platform.sockets.at(-1)?.end({ response: { status: 503, headers, text: '' } })
    await settle()
  }
  const hosts = () => platform.sockets.map(({ url }) => new URL(url).host)
  return { platform, client, refuse, hosts }
}

test('Retry-After of an answer to the upgrade keeps the watches away for a minute at most', async () => {
  const { client, hosts, platform, refuse } = await watching({ serverUrl: 'http://a' })
  await refuse('3600')
  expect(client.status()).toMatchObject({ state: 'interrupted', retryAt: platform.now() + 61_000 })
  client.kv().bucket('c').watch()
  await platform.advance(60_999)
  expect(hosts()).toEqual(['a'])
  await platform.advance(1)
  expect(hosts()).toEqual(['a', 'a'])
})

test('Retry-After of one server does not keep watches away from the next one', async () => {
  const { hosts, platform, refuse } = await watching({ serverUrl: ['http://a', 'http://b'] })
  await refuse('3600')
  await platform.advance(1_000)
  expect(hosts()).toEqual(['a', 'b'])
})

test('Retry-After of each server counts when it is its turn again', async () => {
  const { hosts, platform, refuse } = await watching({ serverUrl: ['http://a', 'http://b'] })
  await refuse('30')
  await platform.advance(1_000)
  await refuse('30')
  expect(hosts()).toEqual(['a', 'b'])
  await platform.advance(29_000)
  expect(hosts()).toEqual(['a', 'b'])
  await platform.advance(1_800)
  expect(hosts()).toEqual(['a', 'b', 'a'])
})

test('Retry-After is over when a call is answered, by whatever transport', async () => {
  const { client, hosts, platform, refuse } = await watching({
    serverUrl: 'http://a',
    transport: 'auto',
    fetch: async () => Response.json({ name: 'limits', data: {}, revision: 1, updatedAt: '' }),
  })
  await refuse('3600')
  await platform.advance(30_000)
  expect(hosts()).toEqual(['a'])
  await client.config().get('limits')
  expect(hosts()).toEqual(['a', 'a'])
})
