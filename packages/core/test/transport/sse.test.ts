import { describe, expect, test } from 'vitest'
import type { ServerFrame } from '../../src/protocol/frames'
import { encodeSse } from '../../src/protocol/sse'
import { SseConnection } from '../../src/transport/sse'
import { settle } from '../fake-platform'
import { FakeStream } from './fake-stream'
import { RecordingSession, wire } from './wire'

async function connect(session = new RecordingSession(), stream = new FakeStream()) {
  const made = wire({ answer: stream.answer, apiKey: 'ifkey_1' })
  const connection = new SseConnection(made.link, session)
  await settle()
  return { ...made, session, stream, connection }
}

const SYNCED: ServerFrame = { type: 'synced', sub: '1', cursor: 'e-1-1' }

test('the request says what is wanted, and that a stream is', async () => {
  const session = new RecordingSession([{ id: '1', kind: 'config', target: 'limits', cursor: 'e-5-5' }], 'prod')
  const { requests } = await connect(session)
  expect(requests).toHaveLength(1)
  const [request] = requests
  expect(request?.url).toBe('http://host/base/api/v1/watch')
  expect(request?.headers.get('accept')).toBe('text/event-stream')
  expect(request?.headers.get('authorization')).toBe('Bearer ifkey_1')
  expect(request?.headers.get('x-ironflow-environment')).toBe('prod')
  expect(await request?.json()).toEqual({ subscriptions: session.wanted })
})

test('what is wanted later needs another connection; what is not any more does not', async () => {
  const { connection } = await connect()
  expect(connection.send({ type: 'subscribe', id: '2', kind: 'kv', target: 'c' })).toBe(false)
  expect(connection.send({ type: 'unsubscribe', id: '1' })).toBe(true)
})

describe('messages', () => {
  const frames: ServerFrame[] = [
    { type: 'welcome', protocol: 1, features: [], environment: 'default', heartbeatMs: 1, serverTime: 'now' },
    {
      type: 'config_update',
      sub: '1',
      name: 'a',
      data: { text: 'añ€😀\u2028' },
      revision: 1,
      epoch: 'e',
      updatedAt: 'then',
    },
    SYNCED,
  ]
  const bytes = new TextEncoder().encode(frames.map((frame) => encodeSse(frame.type, JSON.stringify(frame))).join(''))

  test.each([1, 2, 3, 7, 64, 1_000])('come whole however they are cut (pieces of %i bytes)', async (size) => {
    const { session, stream } = await connect()
    for (let at = 0; at < bytes.length; at += size) stream.send(bytes.slice(at, at + size))
    // Each piece is a read of its own.
    await settle()
    expect(session.frames).toEqual(frames)
  })

  test('are told as they come', async () => {
    const { session, stream } = await connect()
    stream.frame(SYNCED)
    await settle()
    expect(session.types).toEqual(['synced'])
    stream.send(`event: goodbye\ndata: {"type":"goodbye","retryAf`)
    await settle()
    expect(session.types).toEqual(['synced'])
    stream.send('terMs":5}\n\n')
    await settle()
    expect(session.types).toEqual(['synced', 'goodbye'])
  })

  test('that are no frames are ignored, and so are comments', async () => {
    const { session, stream } = await connect()
    stream.send(': alive\n\ndata: hello\n\ndata: []\n\nevent: synced\ndata: {}\n\n')
    stream.frame(SYNCED)
    await settle()
    expect([session.types, session.ends]).toEqual([['synced'], []])
  })
})

describe('the end', () => {
  test('of the stream is one of the connection', async () => {
    const { session, stream } = await connect()
    stream.end()
    await settle()
    expect(session.ends).toMatchObject([{ error: { message: 'the server ended the stream', retryable: true } }])
  })

  test('comes with what was thrown while it was read', async () => {
    const { session, stream } = await connect()
    const error = new TypeError('terminated')
    stream.fail(error)
    await settle()
    expect(session.ends).toMatchObject([{ error: { code: 'connection_failed', cause: error } }])
  })

  test('comes with the error that the server answers', async () => {
    const { link } = wire({ answer: () => Response.json({ code: 'unauthorized', detail: 'no' }, { status: 403 }) })
    const session = new RecordingSession()
    new SseConnection(link, session)
    await settle()
    expect(session.ends).toMatchObject([{ error: { code: 'unauthorized', status: 403 } }])
  })

  test.each(['text/html', 'application/json', undefined])(
    'comes at once where the answer is no event stream (%s)',
    async (type) => {
      const headers = type ? { 'content-type': type } : undefined
      const answer = () => new Response(new ReadableStream(), { headers })
      const session = new RecordingSession()
      new SseConnection(wire({ answer }).link, session)
      await settle()
      expect(session.ends).toMatchObject([{ error: { code: 'invalid_response', status: 200 } }])
    },
  )
})

describe('after close', () => {
  test('the request is aborted, and nothing is told', async () => {
    const { session, stream, connection, requests } = await connect()
    stream.frame(SYNCED)
    connection.close()
    await settle()
    expect(requests[0]?.signal.aborted).toBe(true)
    expect([session.frames, session.ends]).toEqual([[], []])
  })

  test('a message that closes it is the last one, also of those that came with it', async () => {
    const session = new RecordingSession()
    const { stream, connection } = await connect(session)
    session.onFrame = () => connection.close()
    const one = encodeSse('synced', JSON.stringify(SYNCED))
    stream.send(one + one + one)
    await settle()
    expect([session.types, session.ends]).toEqual([['synced'], []])
  })

  test.each([['a key that is text', 'ifkey_1' as const], ['a function', async () => 'ifkey_1'] as const])(
    'nobody is asked any more (%s)',
    async (_, apiKey) => {
      const { link, requests } = wire({ answer: new FakeStream().answer, apiKey })
      const session = new RecordingSession()
      new SseConnection(link, session).close()
      await settle()
      expect([requests, session.asked, session.ends]).toEqual([[], 0, []])
    },
  )
})
