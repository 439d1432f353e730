import { afterEach, expect, test, vi } from 'vitest'
import packageJson from '../package.json'
import { createClient, ValidationError } from '../src/index'
import { nodePlatform as makePlatform } from '../src/platform'

const nodePlatform = makePlatform()

afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
})

test('the client is named after its package', () => {
  expect(nodePlatform.clientName).toBe(`node/${packageJson.version}`)
})

test('an environment variable that is empty is not set', () => {
  vi.stubEnv('IRONFLOW_API_KEY', '')
  vi.stubEnv('IRONFLOW_ENV', 'prod')
  expect(nodePlatform.env('IRONFLOW_API_KEY')).toBeUndefined()
  expect(nodePlatform.env('IRONFLOW_ENV')).toBe('prod')
  expect(nodePlatform.env('IRONFLOW_NO_SUCH_THING')).toBeUndefined()
})

test('a bad environment variable is named when the client is made', () => {
  vi.stubEnv('IRONFLOW_SERVER_URL', 'localhost:9123')
  expect(() => createClient()).toThrow(ValidationError)
  expect(() => createClient()).toThrow(/^serverUrl: /)
})

test('a fetch that is given makes the calls', async () => {
  const urls: string[] = []
  const fetch = async (url: string | URL | Request) => {
    urls.push(String(url))
    return Response.json({ configs: [] })
  }
  await createClient({ serverUrl: 'http://host', fetch }).config().list()
  expect(urls).toEqual(['http://host/api/v1/config'])
})

test('identifiers differ, and a cancelled timer does not fire', () => {
  expect(nodePlatform.uuid()).not.toBe(nodePlatform.uuid())
  vi.useFakeTimers()
  let fired = 0
  const count = () => {
    fired += 1
  }
  const cancel = nodePlatform.setTimer(count, 10)
  nodePlatform.setTimer(count, 10)
  for (const ms of [2 ** 31, Number.POSITIVE_INFINITY]) nodePlatform.setTimer(count, ms)
  cancel()
  vi.advanceTimersByTime(20)
  vi.useRealTimers()
  expect(fired).toBe(1)
})
