import { expect, test } from 'vitest'
import { serve } from '../../src/node'
import { Harness } from '../support/harness'
import { closeAll, connect, start } from '../support/in-process'
import { SocketClient } from '../support/watch-clients'

/** How often each operation was counted, by its label and how it ended. */
function counts({ server }: Harness): Record<string, number> {
  const entries = [...server.core.observer.stats.entries()]
  return Object.fromEntries(entries.map(({ method, code, histogram }) => [`${method} ${code}`, histogram.count]))
}

test('each request is counted once, under what it was about', async () => {
  const harness = new Harness()
  await harness.put('b/keys/a', 1)
  await harness.get('b/keys/none')
  await harness.request('POST', '/api/v1/config/a', { body: [] })
  await harness.request('GET', '/health')
  await harness.request('GET', '/nowhere')
  await harness.request('PUT', '/api/v1/config')
  await harness.request('POST', '/api/v1/watch?waitMs=0', { body: { subscriptions: [] } })
  await harness.request('GET', '/api/v1/events/watch?pattern=x')
  await harness.request('GET', '/api/v1/config', { key: null })
  expect(counts(harness)).toEqual({
    'kv.put ok': 1,
    'kv.get not_found': 1,
    'config.set invalid_request': 1,
    'config.list unauthenticated': 1,
    'meta ok': 1,
    'none unknown_route': 1,
    'none method_not_allowed': 1,
    'watch invalid_request': 2,
  })
})

test('calls and watches within a process are counted like those of a wire', async () => {
  const harness = start()
  const client = connect(harness)
  await client.config().set('a', {})
  await client.config().find('b')
  await client.config().watch('a').ready
  const stranger = connect(harness, null, { retry: false })
  await stranger
    .config()
    .get('a')
    .catch(() => undefined)
  expect(counts(harness)).toEqual({
    'config.set ok': 1,
    'config.get not_found': 1,
    'config.get unauthenticated': 1,
    'watch ok': 1,
  })
  await closeAll()
})

test('a WebSocket is counted when it is opened or refused, and each call that it carries', async () => {
  const harness = new Harness()
  const listening = await serve(harness.server, { port: 0 })
  const refused = new SocketClient(`${listening.url}/api/v1/ws`)
  await refused.refusal()
  const client = SocketClient.withKey(`${listening.url}/api/v1/ws`)
  await client.opened
  client.send({ type: 'call', id: '1', method: 'config.list', params: {}, requestId: 'r' })
  await client.until('reply')
  expect(counts(harness)).toEqual({ 'watch unauthenticated': 1, 'watch ok': 1, 'config.list ok': 1 })
  client.socket.close()
  await listening.close()
})
