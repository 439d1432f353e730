import { describe, expect, test } from 'vitest'
import { ConnectionError } from '../../src/errors/kinds'
import { fromProblem } from '../../src/errors/problem'
import { wire } from './wire'

const SERVERS = ['http://one', 'http://two', 'http://three']
const signal = new AbortController().signal

test('a request has the headers of the options, the client and the key, and follows no redirect', async () => {
  const { link, requests } = wire({ answer: () => new Response('ok'), headers: { 'x-tenant': 't' } })
  const request = {
    verb: 'POST',
    target: '/api/v1/watch?waitMs=1',
    headers: { accept: 'text/plain' },
    body: '{}',
  } as const
  const response = await link.send(link.server, request, 'ifkey_1', signal)
  expect(await response.text()).toBe('ok')
  expect(requests[0]).toMatchObject({
    url: 'http://host/base/api/v1/watch?waitMs=1',
    method: 'POST',
    redirect: 'manual',
  })
  expect(Object.fromEntries(requests[0]?.headers ?? [])).toMatchObject({
    'x-tenant': 't',
    'x-ironflow-client': 'test/0.0.0',
    accept: 'text/plain',
    authorization: 'Bearer ifkey_1',
  })
})

describe('of several servers', () => {
  test('the next one is taken when one does not answer, and the first one again after the last', () => {
    const { link } = wire({ serverUrls: SERVERS })
    const seen: string[] = []
    for (let index = 0; index < 4; index++) {
      seen.push(link.server)
      expect(link.failure(new TypeError('connect ECONNREFUSED'), link.server)).toBeInstanceOf(ConnectionError)
    }
    expect(seen).toEqual([...SERVERS, 'http://one'])
  })

  test('a failure of one that was left already leads no further', () => {
    const { link } = wire({ serverUrls: SERVERS })
    for (let index = 0; index < 3; index++) link.failure(new TypeError('connect ECONNREFUSED'), 'http://one')
    expect(link.server).toBe('http://two')
  })

  test.each([
    [503, 'http://two'],
    [500, 'http://one'],
    [401, 'http://one'],
    [400, 'http://one'],
  ])('an answer of %i leads to %s', (status, next) => {
    const { link } = wire({ serverUrls: SERVERS })
    const error = link.refusal(fromProblem(undefined, status), undefined, 'http://one')
    // As connections do with whatever was thrown: one failure is one step.
    expect(link.failure(error, 'http://one')).toBe(error)
    expect(link.server).toBe(next)
  })
})

test('a key that is refused is asked for again', async () => {
  let asked = 0
  const { link, credentials } = wire({ apiKey: () => `ifkey_${++asked}` })
  const key = await credentials.key(signal)
  link.refusal(fromProblem(undefined, 401), key, link.server)
  expect(await credentials.key(signal)).toBe('ifkey_2')
})
