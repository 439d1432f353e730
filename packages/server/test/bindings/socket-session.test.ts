import { HEADERS, type ReplyFrame, type ServerFrame } from '@ironflow/core/protocol'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { bucketDefaults, createMemoryEngine, type Engine, type Limits } from '../../src'
import type { SocketPeer } from '../../src/bindings/socket-peer'
import type { SocketSession } from '../../src/bindings/websocket'
import { ADMIN_KEY, Harness } from '../support/harness'

const STREAM_BUFFER_BYTES = 16_384
const VALUE = 'x'.repeat(10_000)

/** A peer that reads only when the test lets it. */
class FakePeer implements SocketPeer {
  readonly frames: ServerFrame[] = []
  bufferedBytes = 0
  isPaused = false
  /** How often it was paused. */
  pauses = 0
  closeCode: number | undefined

  get ready(): boolean {
    return this.closeCode === undefined && this.bufferedBytes < STREAM_BUFFER_BYTES
  }

  get replies(): ReplyFrame[] {
    return this.frames.filter((frame) => frame.type === 'reply')
  }

  send(text: string): void {
    this.bufferedBytes += text.length
    this.frames.push(JSON.parse(text) as ServerFrame)
  }

  close(code: number): void {
    this.closeCode = code
  }

  pause(): void {
    this.isPaused = true
    this.pauses++
  }

  resume(): void {
    this.isPaused = false
  }
}

let harness: Harness

afterEach(async () => {
  await harness.server.close()
  await harness.engine.close()
})

async function open(
  limits: Partial<Limits> = {},
  engine?: Engine,
): Promise<{ peer: FakePeer; session: SocketSession; send: (frame: object) => void }> {
  harness = new Harness({ limits: { streamBufferBytes: STREAM_BUFFER_BYTES, ...limits }, engine })
  await harness.server.ready
  await harness.put('b/keys/k', VALUE, { headers: { 'content-type': 'text/plain' } })
  const request = {
    verb: 'GET',
    target: '/api/v1/ws',
    header: (name: string) => (name === HEADERS.authorization ? `Bearer ${ADMIN_KEY}` : undefined),
    body: () => new Uint8Array(),
  }
  const admission = await harness.server.http.admitSocket(request, 'r')
  if (!admission.ok) throw admission.error
  const peer = new FakePeer()
  const session = admission.result.open(peer)
  return { peer, session, send: (frame) => session.message(JSON.stringify(frame)) }
}

const call = (id: number, method = 'kv.get', params: object = { bucket: 'b', key: 'k' }) => {
  return { type: 'call', id: `${id}`, method, params, requestId: `r${id}` }
}
const put = (id: number) => call(id, 'kv.put', { bucket: 'b', key: `k${id}`, value: id, encoding: 'json' })
const ids = (replies: readonly ReplyFrame[]) => replies.map(({ id }) => Number(id))
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('a peer that does not read', () => {
  test('is not sent more than the limits allow, and gets all its replies once it reads', async () => {
    const { peer, session, send } = await open({ maxValueSize: 20_000, callBytesPerSocket: 100_000 })
    let most = 0
    for (const n of numbers(500)) send(call(n))
    for (let round = 0; peer.replies.length < 500 && round < 500; round++) {
      await settled()
      expect(peer.isPaused).toBe(peer.replies.length < 500 || !peer.ready)
      most = Math.max(most, peer.bufferedBytes)
      peer.bufferedBytes = 0
      session.drained()
    }
    expect(ids(peer.replies)).toEqual(numbers(500))
    expect(most).toBeLessThan(STREAM_BUFFER_BYTES + 100_000)
    expect(peer.isPaused).toBe(false)
  })

  test('has no further message looked at, a wrong one included', async () => {
    const { peer, session, send } = await open()
    for (const n of numbers(1_000)) send({ ...call(n), typo: true })
    await settled()
    expect(peer.bufferedBytes).toBeLessThan(2 * STREAM_BUFFER_BYTES)
    expect(peer.isPaused).toBe(true)
    const before = peer.replies.length
    peer.bufferedBytes = 0
    session.drained()
    await settled()
    expect(peer.replies.length).toBeGreaterThan(before)
  })

  test('is not sent more than the limits allow of values that JSON makes six times as long', async () => {
    const { peer, send } = await open({ maxValueSize: 10_000, callBytesPerSocket: 130_000 })
    await harness.put('b/keys/k', '\u0001'.repeat(10_000), { headers: { 'content-type': 'text/plain' } })
    for (const n of numbers(100)) send(call(n))
    await settled()
    expect(peer.replies.length).toBeGreaterThan(0)
    expect(peer.bufferedBytes).toBeLessThan(STREAM_BUFFER_BYTES + 130_000)
  })

  test('of a list that is larger than the limit gets it, alone', async () => {
    const { peer, session, send } = await open({ callBytesPerSocket: 1 })
    for (const n of numbers(3)) send(call(n, 'kv.entries', { bucket: 'b' }))
    for (const n of numbers(3)) {
      await settled()
      expect(ids(peer.replies)).toContain(n)
      peer.bufferedBytes = 0
      session.drained()
    }
  })
})

test('a burst of calls of a peer that reads is read on at once', async () => {
  const { peer, send } = await open()
  // As if they took no time: whatever takes long is paused for.
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
  for (const n of numbers(200)) send(put(n))
  clock.mockRestore()
  expect(peer.pauses).toBe(0)
  await settled()
  expect(ids(peer.replies)).toEqual(numbers(200))
})

test.each([
  ['subscribe', (n: number) => ({ type: 'subscribe', id: 's', kind: 'kv', target: 'b', filters: [`z${n}`] })],
  ['unsubscribe', () => ({ type: 'unsubscribe', id: 's' })],
])('a stream of %s messages leaves time for others, and is paused meanwhile', async (_, message) => {
  const { peer, send } = await open()
  let turns = 0
  let isCounting = true
  const count = () => {
    turns++
    if (isCounting) setImmediate(count)
  }
  setImmediate(count)
  for (const n of numbers(20_000)) send(message(n))
  expect(peer.isPaused).toBe(true)
  await vi.waitFor(() => expect(peer.isPaused).toBe(false), { timeout: 10_000, interval: 1 })
  isCounting = false
  expect(turns).toBeGreaterThan(2)
})

describe('a server that stops', () => {
  /** An engine whose puts take until the answered function is called. */
  function heldPuts(): { engine: Engine; release: () => void } {
    const memory = createMemoryEngine({ bucketDefaults: bucketDefaults() })
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const engine = new Proxy(memory, {
      get(target, name: keyof Engine) {
        const value = target[name]
        if (typeof value !== 'function') return value
        if (name !== 'put') return value.bind(target)
        return async (...args: Parameters<Engine['put']>) => {
          const commit = await target.put(...args)
          if (args[1].startsWith('k') && args[1] !== 'k') await released
          return commit
        }
      },
    })
    return { engine, release }
  }

  test('replies to the calls it has begun before its goodbye, and refuses those that come until then', async () => {
    const { engine, release } = heldPuts()
    const { peer, send } = await open({}, engine)
    for (const n of numbers(3)) send(put(n))
    await settled()
    harness.server.drain()
    send(put(3))
    await settled()
    expect(peer.frames.slice(1)).toMatchObject([
      { id: '3', problem: { code: 'unavailable', status: 503, retryAfterMs: expect.any(Number), requestId: 'r3' } },
    ])
    expect(peer.closeCode).toBeUndefined()
    release()
    await settled()
    expect(peer.frames.slice(2)).toMatchObject([
      { id: '0', result: { revision: expect.any(Number) } },
      { id: '1', result: { revision: expect.any(Number) } },
      { id: '2', result: { revision: expect.any(Number) } },
      { type: 'goodbye' },
    ])
    expect(peer.closeCode).toBe(1001)
    expect((await harness.get('b/keys/k3')).status).toBe(404)
  })

  test('does not run what comes after its goodbye', async () => {
    const { peer, send } = await open()
    harness.server.drain()
    expect(peer.frames.at(-1)).toMatchObject({ type: 'goodbye' })
    send(put(1))
    await settled()
    expect(peer.frames.at(-1)).toMatchObject({ type: 'goodbye' })
    expect((await harness.get('b/keys/k1')).status).toBe(404)
  })

  test('does not run calls that wait, and reads what their peer still sends', async () => {
    const { engine, release } = heldPuts()
    const { peer, send } = await open({ callsPerSocket: 1 }, engine)
    for (const n of numbers(3)) send(put(n))
    expect(peer.isPaused).toBe(true)
    harness.server.drain()
    expect(peer.isPaused).toBe(false)
    release()
    await settled()
    expect(peer.frames.slice(1)).toMatchObject([
      { id: '1', problem: { code: 'unavailable' } },
      { id: '2', problem: { code: 'unavailable' } },
      { id: '0', result: {} },
      { type: 'goodbye' },
    ])
  })

  test('does not wait for a peer that does not read', async () => {
    const { peer, send } = await open()
    for (const n of numbers(10)) send(call(n))
    await settled()
    expect([peer.isPaused, peer.ready]).toEqual([true, false])
    harness.server.drain()
    expect([peer.isPaused, peer.closeCode]).toEqual([false, 1001])
    expect(peer.frames.at(-1)).toMatchObject({ type: 'goodbye' })
  })

  test('does not wait for a peer that is gone', async () => {
    const { engine, release } = heldPuts()
    const { peer, session, send } = await open({}, engine)
    send(put(1))
    await settled()
    harness.server.drain()
    session.closed()
    release()
    await settled()
    expect(peer.frames.map(({ type }) => type)).toEqual(['welcome', 'reply'])
  })
})
