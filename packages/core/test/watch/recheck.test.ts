import { expect, test } from 'vitest'
import { Client } from '../../src/client'
import { FakePlatform, settle } from '../fake-platform'
import { FakeStream } from '../transport/fake-stream'
import { welcome } from './world'

/** A watch over `auto`, whose sockets and event streams are the test's. */
async function auto(change: (platform: FakePlatform) => void = () => undefined) {
  const platform = new FakePlatform()
  change(platform)
  const streams: Array<{ stream: FakeStream; request: Request; openedAt: number }> = []
  platform.fetch = async (input, init) => {
    const request = new Request(String(input), init)
    const stream = new FakeStream()
    streams.push({ stream, request, openedAt: platform.elapsed })
    return stream.answer(request, streams.length)
  }
  const errors: string[] = []
  const client = new Client({ onError: (error) => errors.push(error.code) }, platform)
  client.kv().bucket('b').watch()
  await settle()
  return { client, errors, platform, streams }
}

test('a WebSocket that stays silent is followed at once by an event stream, which is no failure', async () => {
  const { errors, platform, streams } = await auto()
  await platform.advance(5_000)
  expect(platform.sockets).toHaveLength(1)
  expect(streams.map(({ openedAt }) => openedAt)).toEqual([5_000])
  expect(errors).toEqual([])
})

test('a runtime that makes no WebSocket is followed at once by an event stream, and says why', async () => {
  const { client, errors, platform, streams } = await auto((platform) => {
    platform.openSocket = () => {
      throw new TypeError('there is none')
    }
  })
  await platform.advance(0)
  streams[0]?.stream.frame(welcome())
  await platform.advance(0)
  expect(platform.elapsed).toBe(0)
  expect(client.status()).toMatchObject({
    transport: 'sse',
    transportReason: 'the WebSocket could not be opened: there is none',
  })
  expect(errors).toEqual([])
  await client.close()
})

test('an event stream that works makes way for a WebSocket after five minutes, once the old one is closed', async () => {
  const { client, platform, streams } = await auto()
  platform.sockets[0]?.end({ response: { status: 400, headers: new Headers(), text: '' } })
  await platform.advance(0)
  const [{ stream, request }] = streams as [(typeof streams)[0]]
  stream.frame(welcome())
  stream.frame({ type: 'synced', sub: '1', cursor: 'e-1-1' })
  for (let passed = 0; passed < 295_000; passed += 5_000) {
    await platform.advance(5_000)
    stream.frame({ type: 'heartbeat', cursors: {} })
  }
  expect(client.status()).toMatchObject({ state: 'live', transport: 'sse' })
  expect([platform.sockets.length, streams.length]).toEqual([1, 1])
  await platform.advance(5_000)
  expect([platform.sockets.length, streams.length]).toEqual([2, 1])
  expect(request.signal.aborted).toBe(true)
  platform.sockets[1]?.open()
  platform.sockets[1]?.receive(welcome())
  expect(client.status()).toMatchObject({ transport: 'websocket' })
  await client.close()
  expect(platform.timers.size).toBe(0)
})
