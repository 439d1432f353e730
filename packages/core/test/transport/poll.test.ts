import { describe, expect, test } from 'vitest'
import type { PollReply, ServerFrame } from '../../src/protocol/frames'
import { PollConnection } from '../../src/transport/poll'
import { settle } from '../fake-platform'
import { RecordingSession, wire } from './wire'

const SYNCED: ServerFrame = { type: 'synced', sub: '1', cursor: 'e-1-1' }

/** Polls of a test's, each answered when the test says so. */
async function connect(session = new RecordingSession(), apiKey: string | (() => string) = 'ifkey_1') {
  const pending: Array<(answer: Response) => void> = []
  const made = wire({ apiKey, answer: () => new Promise((resolve) => pending.push(resolve)) })
  const connection = new PollConnection(made.link, session)
  await settle()
  const reply = async (answer: PollReply | Response) => {
    pending.at(-1)?.(answer instanceof Response ? answer : Response.json(answer))
    await settle()
  }
  const waits = () => made.requests.map(({ url }) => new URL(url).searchParams.get('waitMs'))
  return { ...made, session, connection, reply, waits }
}

const news = (frames: ServerFrame[] = [SYNCED]): PollReply => ({ frames, cursors: { '1': 'e-2-2' } })

describe('a round', () => {
  test('asks for what is wanted, as JSON', async () => {
    const session = new RecordingSession(undefined, 'prod')
    const { requests } = await connect(session)
    expect(requests[0]?.headers.get('accept')).toBe('application/json')
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer ifkey_1')
    expect(requests[0]?.headers.get('x-ironflow-environment')).toBe('prod')
    expect(await requests[0]?.json()).toEqual({ subscriptions: session.wanted })
  })

  test('does not wait at first, and then as long as the server lets it', async () => {
    const { reply, waits } = await connect()
    expect(waits()).toEqual(['0'])
    await reply(news())
    await reply(news())
    expect(waits()).toEqual(['0', '25000', '25000'])
  })

  test('tells its messages, and then as a heartbeat where each subscription is', async () => {
    const { reply, session } = await connect()
    await reply(news([SYNCED, { type: 'reset', sub: '1', reason: 'bucket_deleted' }]))
    expect(session.types).toEqual(['synced', 'reset', 'heartbeat'])
    expect(session.frames.at(-1)).toEqual({ type: 'heartbeat', cursors: { '1': 'e-2-2' } })
  })

  test('comes after the one before, with what is wanted by then', async () => {
    const { reply, requests, session } = await connect()
    session.wanted = [{ id: '1', kind: 'kv', target: 'b', cursor: 'e-2-2' }]
    expect(requests).toHaveLength(1)
    await reply(news())
    expect(await requests[1]?.json()).toEqual({ subscriptions: session.wanted })
  })

  test('uses the key that the connection began with', async () => {
    let asked = 0
    const { reply, requests } = await connect(undefined, () => `ifkey_${++asked}`)
    await reply(news())
    expect(requests.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer ifkey_1', 'Bearer ifkey_1'])
  })
})

describe('a new subscription', () => {
  test('ends the round, and the next one asks for it too', async () => {
    const { connection, requests, session, reply } = await connect()
    await reply(news())
    session.wanted = [...session.wanted, { id: '2', kind: 'kv', target: 'c' }]
    expect(connection.send({ type: 'subscribe', id: '2', kind: 'kv', target: 'c' })).toBe(true)
    await settle()
    expect(requests[1]?.signal.aborted).toBe(true)
    expect(requests).toHaveLength(3)
    expect(await requests[2]?.json()).toEqual({ subscriptions: session.wanted })
    expect(session.ends).toEqual([])
  })

  test('that a message leads to ends its round: what comes after is asked for again', async () => {
    const { connection, requests, session, reply } = await connect()
    session.onFrame = () => {
      session.onFrame = undefined
      connection.send({ type: 'subscribe', id: '2', kind: 'kv', target: 'c' })
    }
    await reply(news([SYNCED, { type: 'goodbye', retryAfterMs: 1 }]))
    expect(session.types).toEqual(['synced'])
    expect(requests).toHaveLength(2)
  })

  test('less is heard of in the next round', async () => {
    const { connection, requests } = await connect()
    expect(connection.send({ type: 'unsubscribe', id: '1' })).toBe(true)
    await settle()
    expect(requests).toHaveLength(1)
    expect(requests[0]?.signal.aborted).toBe(false)
  })
})

describe('an answer without news', () => {
  const nothing: PollReply = { frames: [], cursors: {} }

  test('that was not waited for is not followed by the next request before a second has passed', async () => {
    const { platform, reply, requests } = await connect()
    await reply(nothing)
    expect(requests).toHaveLength(2)
    await reply(nothing)
    expect(requests).toHaveLength(2)
    await platform.advance(999)
    expect(requests).toHaveLength(2)
    await platform.advance(1)
    expect(requests).toHaveLength(3)
  })

  test('that was waited for is followed at once', async () => {
    const { platform, reply, requests } = await connect()
    await reply(nothing)
    await platform.advance(25_000)
    await reply(nothing)
    expect(requests).toHaveLength(3)
  })

  test('does not delay a new subscription', async () => {
    const { connection, platform, reply, requests } = await connect()
    await reply(nothing)
    await reply(nothing)
    connection.send({ type: 'subscribe', id: '2', kind: 'kv', target: 'c' })
    await settle()
    expect(requests).toHaveLength(3)
    // That silence is noticed.
    expect(platform.timers.size).toBe(1)
  })

  test('leaves no timer when the connection is closed', async () => {
    const { connection, platform, reply, requests, session } = await connect()
    await reply(nothing)
    await reply(nothing)
    connection.close()
    await settle()
    expect([platform.timers.size, requests.length, session.ends]).toEqual([0, 2, []])
  })
})

describe('the end', () => {
  test('comes with the error of the server', async () => {
    const { reply, session, requests } = await connect()
    await reply(Response.json({ code: 'unavailable', detail: 'no' }, { status: 503, headers: { 'retry-after': '2' } }))
    expect(session.ends).toMatchObject([{ error: { code: 'unavailable', status: 503, retryAfterMs: 2_000 } }])
    expect(requests).toHaveLength(1)
  })

  test.each(['<html>', '', '[]', 'null', '{}', '{"frames":[]}', '{"frames":{},"cursors":{}}', '{"cursors":{}}'])(
    'comes where the answer is none of ours (%j)',
    async (text) => {
      const { reply, session } = await connect()
      await reply(new Response(text))
      expect(session.ends).toMatchObject([{ error: { code: 'invalid_response', status: 200 } }])
      expect(session.frames).toEqual([])
    },
  )

  test('comes when the network fails', async () => {
    const { link } = wire()
    const session = new RecordingSession()
    new PollConnection(link, session)
    await settle()
    expect(session.ends).toMatchObject([{ error: { code: 'connection_failed' } }])
  })
})

test('what is no message is ignored', async () => {
  const { reply, session } = await connect()
  await reply(news([null, 'hello', { no: 'type' }, SYNCED] as unknown as ServerFrame[]))
  expect([session.types, session.ends]).toEqual([['synced', 'heartbeat'], []])
})

describe('after close', () => {
  test('the round is aborted, and nothing is told', async () => {
    const { connection, requests, session, reply } = await connect()
    connection.close()
    await reply(news())
    expect(requests[0]?.signal.aborted).toBe(true)
    expect([requests.length, session.frames, session.ends]).toEqual([1, [], []])
  })

  test('a message that closes it is the last one', async () => {
    const { connection, session, reply, requests } = await connect()
    session.onFrame = () => connection.close()
    await reply(news([SYNCED, SYNCED]))
    expect([session.types, session.ends, requests.length]).toEqual([['synced'], [], 1])
  })

  test.each([['a key that is text', 'ifkey_1' as const], ['a function', () => 'ifkey_1'] as const])(
    'nobody is asked any more (%s)',
    async (_, apiKey) => {
      const { link, requests } = wire({ apiKey })
      const session = new RecordingSession()
      new PollConnection(link, session).close()
      await settle()
      expect([requests, session.asked, session.ends]).toEqual([[], 0, []])
    },
  )
})
