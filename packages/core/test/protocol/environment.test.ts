import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors/kinds'
import type { Call } from '../../src/protocol/call'
import { namedEnvironment } from '../../src/protocol/environment'
import type { MethodRow } from '../../src/protocol/methods'
import { matchPath } from '../../src/protocol/path'
import { decodeRequest, encodeCall } from '../../src/protocol/request'
import { LIMITS } from './wire'

const LIST: MethodRow = { verb: 'GET', path: '/things', access: 'read', resource: 'config' }
const ROWS: [place: string, row: MethodRow][] = [
  ['the header', LIST],
  ['the path', { ...LIST, path: '/environments/:environment/things', environment: 'path' }],
  ['the query', { ...LIST, environment: { query: 'env' } }],
  ['the body', { ...LIST, verb: 'POST', safe: true, body: 'rest', environment: { body: 'environment' } }],
]

const call = (environment: string | undefined): Call => ({
  method: 'config.list',
  params: { limit: 5 },
  environment,
  requestId: 'r',
})

/** What a server makes of a request of that row, before and after it has read the body. */
function receive(row: MethodRow, environment: string | undefined, headers: Record<string, string> = {}) {
  const request = encodeCall({ ...row, query: row.body ? {} : { limit: 'integer' } }, call(environment))
  const url = new URL(`http://host${request.target}`)
  const all: Record<string, string> = { ...request.headers, ...headers }
  const source = {
    pathParams: matchPath(row.path, url.pathname) ?? {},
    query: url.search.slice(1),
    header: (name: string) => all[name],
  }
  const body = new TextEncoder().encode(String(request.body ?? ''))
  const early = namedEnvironment(row, source)
  return { early, ...decodeRequest({ ...row, query: { limit: 'integer' } }, { ...source, body }, LIMITS) }
}

describe.each(ROWS)('an environment in %s', (place, row) => {
  test('arrives as the call has it, and is no parameter', () => {
    const { environment, params, early } = receive(row, 'prod')
    expect({ environment, params }).toEqual({ environment: 'prod', params: { limit: 5 } })
    expect(early).toBe(place === 'the body' ? undefined : 'prod')
  })

  test('is a mistake where the header names another one', () => {
    if (place === 'the header') return
    expect(() => receive(row, 'prod', { 'x-ironflow-environment': 'qa' })).toThrow(ValidationError)
    expect(receive(row, 'prod', { 'x-ironflow-environment': 'prod' }).environment).toBe('prod')
  })
})

test('a call that names none leaves the query, the body and the header without it', () => {
  for (const [place, row] of ROWS) if (place !== 'the path') expect(receive(row, undefined).environment).toBeUndefined()
})

test('a row whose path names the environment cannot be called without one', () => {
  const [, row] = ROWS[1] as [string, MethodRow]
  expect(() => encodeCall(row, call(undefined))).toThrow(ValidationError)
})
