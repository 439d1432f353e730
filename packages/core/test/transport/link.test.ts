import { describe, expect, test } from 'vitest'
import { ConnectionError } from '../../src/errors/kinds'
import { failure } from '../fake-transport'
import { RecordingSession, wire } from './wire'

const SERVERS = ['http://one', 'http://two', 'http://three']
const signal = new AbortController().signal

const problem = (status: number, headers: Record<string, string> = {}) =>
  Response.json({ detail: 'no', code: status === 401 ? 'unauthenticated' : 'unavailable' }, { status, headers })

describe('a request for a session', () => {
  test('says what is wanted, by whom, of which environment, and follows no redirect', async () => {
    const { link, requests } = wire({ answer: () => new Response('ok'), headers: { 'x-tenant': 't' } })
    const session = new RecordingSession([{ id: '7', kind: 'kv', target: 'b', cursor: 'e-1-1' }], 'prod')
    const response = await link.watch(session, 'text/plain', '?waitMs=1', signal, 'ifkey_1')
    expect(await response.text()).toBe('ok')
    const [request] = requests
    expect(request).toMatchObject({
      url: 'http://host/base/api/v1/watch?waitMs=1',
      method: 'POST',
      redirect: 'manual',
    })
    expect(Object.fromEntries(request?.headers ?? [])).toEqual({
      'x-tenant': 't',
      'x-ironflow-client': 'test/0.0.0',
      'x-ironflow-environment': 'prod',
      'content-type': 'application/json',
      accept: 'text/plain',
      authorization: 'Bearer ifkey_1',
    })
    expect(await request?.json()).toEqual({ subscriptions: session.wanted })
  })

  test('names neither key nor environment where there is none', async () => {
    const { link, requests } = wire({ answer: () => new Response('ok') })
    await link.watch(new RecordingSession(), 'text/plain', '', signal, undefined)
    const names = [...(requests[0]?.headers.keys() ?? [])]
    expect(names).toEqual(['accept', 'content-type', 'x-ironflow-client'])
  })

  test('rejects with what the server says is wrong', async () => {
    const { link } = wire({ answer: () => problem(503, { 'retry-after': '7', 'x-request-id': 'r1' }) })
    const error = await failure(link.watch(new RecordingSession(), 'text/plain', '', signal, undefined))
    expect(error).toMatchObject({ code: 'unavailable', status: 503, retryAfterMs: 7_000, requestId: 'r1' })
  })
})

describe('of several servers', () => {
  test('the next one is taken when one does not answer, and the first one again after the last', () => {
    const { link } = wire({ serverUrls: SERVERS })
    const seen: string[] = []
    for (let index = 0; index < 4; index++) {
      seen.push(link.server)
      expect(link.failure(new TypeError('connect ECONNREFUSED'))).toBeInstanceOf(ConnectionError)
    }
    expect(seen).toEqual([...SERVERS, 'http://one'])
  })

  test.each([
    [503, 'http://two'],
    [500, 'http://one'],
    [401, 'http://one'],
    [400, 'http://one'],
  ])('an answer of %i leads to %s', async (status, next) => {
    const { link } = wire({ serverUrls: SERVERS, answer: () => problem(status) })
    const error = await failure(link.watch(new RecordingSession(), 'text/plain', '', signal, undefined))
    // As connections do with whatever was thrown: one failure is one step.
    expect(link.failure(error)).toBe(error)
    expect(link.server).toBe(next)
  })
})

test('a key that is refused is asked for again', async () => {
  let asked = 0
  const apiKey = () => `ifkey_${++asked}`
  const { link, credentials } = wire({ apiKey, answer: () => problem(401) })
  const key = await credentials.key(signal)
  await failure(link.watch(new RecordingSession(), 'text/plain', '', signal, key))
  expect(await credentials.key(signal)).toBe('ifkey_2')
})
