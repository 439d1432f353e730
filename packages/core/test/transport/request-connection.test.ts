import { describe, expect, test } from 'vitest'
import type { ServerFrame, Subscription, WatchRequest } from '../../src/protocol/frames'
import { encodeSse } from '../../src/protocol/sse'
import { PollConnection } from '../../src/transport/poll'
import { SseConnection } from '../../src/transport/sse'
import { settle } from '../fake-platform'
import { RecordingSession, wire } from './wire'

const MIB = 1_048_576

/** So many subscriptions, each with filters of so many characters in all. */
function subscriptions(count: number, length = 1): Subscription[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `${n}`,
    kind: 'kv',
    target: 'b',
    filters: ['x'.repeat(length)],
  }))
}

/** A server that opens an event stream for whatever body it takes; a body is too large for it above `bodyBytes`. */
async function streams(session: RecordingSession, bodyBytes = MIB, refusal = () => problem(413, 'payload_too_large')) {
  const open: Array<{ ids: string[]; send(...frames: ServerFrame[]): void; end(): void; signal: AbortSignal }> = []
  const made = wire({
    answer: async (request) => {
      const text = await request.text()
      if (text.length > bodyBytes) return refusal()
      let controller!: ReadableStreamDefaultController<Uint8Array>
      const body = new ReadableStream<Uint8Array>({
        start(given) {
          controller = given
        },
      })
      const bytes = new TextEncoder()
      const ids = (JSON.parse(text) as WatchRequest).subscriptions.map(({ id }) => id)
      const { signal } = request
      signal.addEventListener('abort', () => controller.error(signal.reason))
      open.push({
        ids,
        signal,
        send: (...frames) => {
          for (const frame of frames) controller.enqueue(bytes.encode(encodeSse(frame.type, JSON.stringify(frame))))
        },
        end: () => controller.close(),
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  const connection = new SseConnection(made.link, session)
  for (let turn = 0; turn < 20; turn++) await settle()
  return { ...made, connection, open }
}

const problem = (status: number, code: string, fields?: Record<string, string>) =>
  Response.json({ code, detail: 'no', fields }, { status })
const synced = (sub: string): ServerFrame => ({ type: 'synced', sub, cursor: 'e-1-1' })
const welcome = (heartbeatMs: number): ServerFrame => {
  return { type: 'welcome', protocol: 1, features: [], environment: 'default', heartbeatMs, serverTime: 'now' }
}
const ids = (session: RecordingSession) => session.wanted.map(({ id }) => id)

describe('more subscriptions than one body holds', () => {
  test('are carried by several requests, none of them too large', async () => {
    const session = new RecordingSession(subscriptions(300, 4_000))
    const { open, requests } = await streams(session)
    expect(requests).toHaveLength(2)
    expect(open.flatMap((stream) => stream.ids)).toEqual(ids(session))
  })

  test('are carried by as many as it takes where the server takes less than others', async () => {
    const session = new RecordingSession(subscriptions(16, 1_000))
    const { open } = await streams(session, 3_000)
    expect(open.flatMap((stream) => stream.ids).sort()).toEqual(ids(session).sort())
    expect(Math.max(...open.map((stream) => stream.ids.length))).toBe(2)
    expect(session.ends).toEqual([])
  })

  test('are carried by several requests where one would have too many members and elements, cursors too', async () => {
    const many = (cursor?: string) =>
      Array.from({ length: 1_000 }, (_, n): Subscription => {
        return { id: `${n}`, kind: 'kv', target: 'b', filters: Array(4).fill('x'), cursor, updatesOnly: undefined }
      })
    const first = await streams(new RecordingSession(many()))
    expect(first.requests).toHaveLength(1)
    const session = new RecordingSession(many('e-1-1'))
    const { open, requests } = await streams(session)
    expect(requests).toHaveLength(2)
    expect(open.flatMap((stream) => stream.ids)).toEqual(ids(session))
  })

  test('are carried by as many as it takes where the server takes fewer members than others', async () => {
    const session = new RecordingSession(subscriptions(16, 1_000))
    const refusal = () => problem(400, 'invalid_request', { body: 'has more than 20 members and elements' })
    const { open } = await streams(session, 3_000, refusal)
    expect(open.flatMap((stream) => stream.ids).sort()).toEqual(ids(session).sort())
    expect(session.ends).toEqual([])
  })

  test('are one session: the messages of all are told, and nothing of the rest when one ends', async () => {
    const session = new RecordingSession(subscriptions(2, MIB / 2))
    const { open } = await streams(session)
    open[1]?.send(synced('1'))
    await settle()
    open[0]?.send(synced('0'))
    await settle()
    expect(session.frames).toEqual([synced('1'), synced('0')])
    open[0]?.end()
    await settle()
    expect(session.ends).toMatchObject([{ error: { message: 'the server ended the stream' } }])
    expect(open[1]?.signal.aborted).toBe(true)
  })

  test('are over when one request goes silent, whatever the others tell', async () => {
    const session = new RecordingSession(subscriptions(2, MIB / 2))
    const { open, platform } = await streams(session)
    for (const stream of open) stream.send(welcome(10_000))
    await settle()
    for (let second = 0; second < 29; second++) {
      await platform.advance(1_000)
      open[0]?.send(synced('0'))
    }
    expect(session.ends).toEqual([])
    await platform.advance(1_000)
    expect(session.ends).toMatchObject([{ error: { code: 'timeout' }, isSilent: true }])
    await settle()
    expect(platform.timers.size).toBe(0)
  })
})

describe('a subscription that the server refuses', () => {
  test('because it is too large by itself ends alone', async () => {
    const session = new RecordingSession([...subscriptions(1, 5_000), ...subscriptions(3).slice(1)])
    const { open } = await streams(session, 3_000)
    expect(session.frames).toEqual([{ type: 'error', sub: '0', code: 'payload_too_large', detail: 'no', fields: {} }])
    expect(open.flatMap((stream) => stream.ids)).toEqual(['1', '2'])
    expect(session.ends).toEqual([])
  })

  test('by name ends alone, and the others are asked for again without it', async () => {
    const session = new RecordingSession(subscriptions(12))
    const fields = { 'subscriptions.1.filters': 'no', 'subscriptions.10.target': 'no' }
    let answers = 0
    const made = wire({
      answer: () =>
        answers++ === 0 ? problem(400, 'invalid_request', fields) : new Promise<Response>(() => undefined),
    })
    new PollConnection(made.link, session)
    await settle()
    const refused = session.frames.map((frame) => 'sub' in frame && frame.sub)
    expect(refused).toEqual(['1', '10'])
    const asked: WatchRequest | undefined = await made.requests[1]?.json()
    expect(asked?.subscriptions.map(({ id }) => id)).toEqual(ids(session).filter((id) => id !== '1' && id !== '10'))
  })

  test('with all others, for what names none of them, ends the connection', async () => {
    const session = new RecordingSession(subscriptions(2))
    const { link } = wire({ answer: () => problem(400, 'invalid_request', { environment: 'there is none' }) })
    new SseConnection(link, session)
    await settle()
    expect(session.ends).toMatchObject([
      { error: { code: 'invalid_request', fields: { environment: 'there is none' } } },
    ])
    expect(session.frames).toEqual([])
  })
})

describe('long polls that are several', () => {
  /** Answers each request by itself when the test says so. */
  async function polls(session: RecordingSession) {
    const pending: Array<{ ids: string[]; waitMs: string | null; reply(): Promise<void> }> = []
    const made = wire({
      answer: async (request) => {
        const ids = ((await request.json()) as WatchRequest).subscriptions.map(({ id }) => id)
        return new Promise<Response>((resolve) => {
          const frames = ids.map(synced)
          const cursors = Object.fromEntries(ids.map((id) => [id, 'e-1-1']))
          const reply = () => {
            resolve(Response.json({ frames, cursors }))
            return settle()
          }
          pending.push({ ids, waitMs: new URL(request.url).searchParams.get('waitMs'), reply })
        })
      },
    })
    const connection = new PollConnection(made.link, session)
    for (let turn = 0; turn < 20; turn++) await settle()
    return { ...made, connection, pending }
  }

  test('do not wait for each other: each goes on with its own subscriptions', async () => {
    const session = new RecordingSession(subscriptions(2, MIB / 2))
    const { pending } = await polls(session)
    expect(pending.map(({ ids, waitMs }) => [ids, waitMs])).toEqual([
      [['0'], '0'],
      [['1'], '0'],
    ])
    await pending[1]?.reply()
    await settle()
    expect(pending.slice(2).map(({ ids, waitMs }) => [ids, waitMs])).toEqual([[['1'], '25000']])
    expect(session.frames).toEqual([synced('1'), { type: 'heartbeat', cursors: { '1': 'e-1-1' } }])
  })

  test('are made anew, in as few as it takes by then, when something is added', async () => {
    const session = new RecordingSession(subscriptions(2, MIB / 2))
    const { connection, pending, requests } = await polls(session)
    session.wanted = [...session.wanted.slice(1), { id: '2', kind: 'kv', target: 'c' }]
    connection.send({ type: 'subscribe', id: '2', kind: 'kv', target: 'c' })
    for (let turn = 0; turn < 5; turn++) await settle()
    expect(requests.slice(0, 2).every(({ signal }) => signal.aborted)).toBe(true)
    expect(pending.slice(2).map(({ ids }) => ids)).toEqual([['1', '2']])
    expect(session.ends).toEqual([])
  })

  test('are all aborted by close', async () => {
    const session = new RecordingSession(subscriptions(2, MIB / 2))
    const { connection, requests, platform } = await polls(session)
    connection.close()
    await settle()
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([true, true])
    expect([session.ends, platform.timers.size]).toEqual([[], 0])
  })
})
