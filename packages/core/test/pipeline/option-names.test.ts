import { describe, expect, test } from 'vitest'
import { Client } from '../../src/client'
import { IronflowError } from '../../src/errors/ironflow-error'
import { ValidationError } from '../../src/errors/kinds'
import type { IronflowClient } from '../../src/ironflow-client'
import { expectOptions } from '../../src/pipeline/option-names'
import { FakePlatform } from '../fake-platform'
import { clientOver } from '../fake-transport'
import { watchWorld } from '../watch/world'

/** What is wrong with the options, as code finds out that no compiler has seen. */
async function refusal(use: (client: never) => unknown): Promise<Record<string, string>> {
  const { client, transport } = clientOver(() => ({}))
  try {
    await use(client as never)
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError)
    expect(transport.calls).toEqual([])
    return (error as ValidationError).fields
  }
  throw new Error('the options were to be refused')
}

type Loose = Record<string, (...args: unknown[]) => unknown>
const config = (client: IronflowClient) => client.config() as unknown as Loose
const kv = (client: IronflowClient) => client.kv() as unknown as Loose
const bucket = (client: IronflowClient) => client.kv().bucket('b') as unknown as Loose
const first = async (items: unknown) => {
  for await (const item of items as AsyncIterable<unknown>) return item
}

describe('an unknown option is refused, with the known one that is most like it', () => {
  test.each<[string, string, (client: never) => unknown]>([
    ['revison', 'revision', (client) => config(client).get?.('a', { revison: 5 })],
    ['consistancy', 'consistency', (client) => config(client).find?.('a', { consistancy: 'strong' })],
    ['ifrevision', 'ifRevision', (client) => config(client).set?.('a', {}, { ifrevision: 5 })],
    ['timeout', 'timeoutMs', (client) => config(client).patch?.('a', {}, { timeout: 5 })],
    ['abortSignal', 'signal', (client) => config(client).modify?.('a', () => ({}), { abortSignal: 5 })],
    ['revision', 'ifRevision', (client) => config(client).delete?.('a', { revision: 5 })],
    ['timeoutms', 'timeoutMs', (client) => config(client).list?.({ timeoutms: 5 })],
    ['max_limit', 'limit', (client) => config(client).history?.('a', { max_limit: 5 })],
    ['ifRev', 'ifRevision', (client) => config(client).rollback?.('a', 1, { ifRev: 5 })],
    ['handlers.onChange', 'onC?', (client) => config(client).watch?.('a', { onChange: () => 1 })],
    ['sign', 'signal', (client) => config(client).watch?.('a', {}, { sign: 5 })],
    ['default', 'f?', (client) => config(client).live?.('a', { default: {} })],
    ['ttl', 'ttlSeconds', (client) => bucket(client).put?.('a', 1, { ttl: 60 })],
    ['ttlMs', 'ttlSeconds', (client) => bucket(client).create?.('a', 1, { ttlMs: 60 })],
    ['ttl', 'ttlSeconds', (client) => bucket(client).update?.('a', 1, 1, { ttl: 60 })],
    ['ttl', 'ttlSeconds', (client) => bucket(client).modify?.('a', () => 1, { ttl: 60 })],
    ['rev', 'revision', (client) => bucket(client).get?.('a', { rev: 1 })],
    ['rev', 'revision', (client) => bucket(client).find?.('a', { rev: 1 })],
    ['ifRev', 'ifRevision', (client) => bucket(client).delete?.('a', { ifRev: 1 })],
    ['ifRev', 'ifRevision', (client) => bucket(client).purge?.('a', { ifRev: 1 })],
    ['limits', 'limit', (client) => bucket(client).history?.('a', { limits: 1 })],
    ['timeout', 'timeoutMs', (client) => bucket(client).listKeys?.('a', { timeout: 1 })],
    ['timeout', 'timeoutMs', (client) => first(bucket(client).keys?.('a', { timeout: 1 }))],
    ['timeout', 'timeoutMs', (client) => first(bucket(client).entries?.('a', { timeout: 1 }))],
    ['keys', 'key', (client) => bucket(client).watch?.({}, { keys: 'a' })],
    ['handlers.key', 'f?', (client) => bucket(client).watch?.({ key: 'a' })],
    ['fallbacks', 'fallback', (client) => bucket(client).live?.('a', { fallbacks: 1 })],
    ['bucket.ttl', 'ttlSeconds', (client) => kv(client).createBucket?.({ name: 'b', ttl: 60 })],
    ['ifExist', 'ifExists', (client) => kv(client).createBucket?.({ name: 'b' }, { ifExist: 'update' })],
    ['changes.maxSize', 'maxValueSize', (client) => kv(client).updateBucket?.('b', { maxSize: 60 })],
  ])('%s: %s', async (place, nearest, use) => {
    const fields = await refusal(use)
    expect(Object.keys(fields)).toEqual([place])
    if (!nearest.endsWith('?')) expect(fields[place]).toBe(`is not an option; did you mean ${nearest}?`)
  })

  test('of a client', () => {
    const make = (options: object) => () => new Client(options, new FakePlatform())
    expect(make({ url: 'http://localhost:1' })).toThrow('url: is not an option; did you mean serverUrl?')
    expect(make({ enviroment: 'prod' })).toThrow('enviroment: is not an option; did you mean environment?')
    expect(make({ retry: { attempts: 3 } })).toThrow('retry.attempts: is not an option; did you mean maxAttempts?')
  })

  test('or with all of them, where none is', () => {
    expect(() => expectOptions({ zzz: 1 }, 'signal timeoutMs')).toThrow(
      'zzz: is not an option; options: signal, timeoutMs',
    )
  })

  test('also where its value is undefined', () => {
    expect(() => expectOptions({ ttl: undefined }, 'ttlSeconds')).toThrow(ValidationError)
  })
})

test('an instance of a class may have members of its own, an object without a prototype may not', () => {
  class Log {
    readonly seen: string[] = []
    readonly onUpdate = ({ key }: { key: string }) => this.seen.push(key)
  }
  const { client } = watchWorld()
  client.kv().bucket('b').watch(new Log()).stop()
  expect(() => expectOptions(Object.assign(Object.create(null), { ttl: 1 }), 'ttlSeconds')).toThrow(ValidationError)
})

describe('what is no object is refused', () => {
  test.each<[string, (client: never) => unknown]>([
    ['options', (client) => bucket(client).put?.('a', 1, 60)],
    ['options', (client) => bucket(client).put?.('a', 1, null)],
    ['options', (client) => config(client).get?.('a', AbortSignal.timeout(1_000))],
    ['handlers', (client) => config(client).watch?.('a', () => 1)],
    ['handlers', (client) => bucket(client).watch?.(() => 1)],
    ['options', (client) => config(client).watch?.('a', {}, AbortSignal.timeout(1_000))],
    ['options', (client) => config(client).live?.('a', () => 1)],
    ['bucket', (client) => kv(client).createBucket?.('b')],
    ['callback', (client: IronflowClient) => (client.events() as unknown as Loose).subscribe?.('>', { onUpdate() {} })],
  ])('as %s', async (place, use) => {
    expect(Object.keys(await refusal(use))).toEqual([place])
  })

  test('and the message names the options', async () => {
    const fields = await refusal((client) => bucket(client).put?.('a', 1, 60))
    expect(fields.options).toBe('must be an object; its members: signal, timeoutMs, ttlSeconds')
    expect(() => new Client('http://localhost:1' as never, new FakePlatform())).toThrow(
      /^options: must be an object; its members: serverUrl, /,
    )
  })
})

test('a call with an unknown option is reported like any other that fails', async () => {
  const { client, failures } = clientOver(() => ({}))
  await expect(bucket(client).put?.('a', 1, { ttl: 60 })).rejects.toBeInstanceOf(IronflowError)
  expect(failures.map(({ error, context }) => [context.method, error.code, context.attempts])).toEqual([
    ['kv.put', 'invalid_request', 0],
  ])
})
