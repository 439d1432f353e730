import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { errorFor, ValidationError } from '../../src/errors/kinds'
import { settle } from '../fake-platform'
import { broken, clientOver, failure } from '../fake-transport'

const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', note)
})
afterEach(() => {
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

describe('onError', () => {
  test('is told once, after the last retry, with the whole context and the error the caller gets', async () => {
    const { client, platform, failures } = clientOver(
      (_, attempt) => {
        if (attempt < 3) throw broken()
        throw errorFor('unauthorized', 'no', { status: 403, requestId: 'server-7' })
      },
      { environment: 'prod' },
    )
    const error = await failure(platform.run(client.kv().bucket('b').put('k', 1)))
    expect(failures).toHaveLength(1)
    expect(failures[0]?.error).toBe(error)
    expect(failures[0]?.context).toStrictEqual({
      method: 'kv.put',
      endpoint: 'fake:kv.put',
      status: 403,
      requestId: 'server-7',
      attempts: 3,
      environment: 'prod',
    })
  })

  test('gets the id that was sent where no answer has one, and no status where there was no answer', async () => {
    const { client, platform, transport, failures } = clientOver(() => {
      throw broken()
    })
    await failure(platform.run(client.config().get('a')))
    expect(failures[0]?.context).toMatchObject({ status: undefined, attempts: 4, environment: undefined })
    expect(failures[0]?.context.requestId).toBe(transport.calls[0]?.requestId)
  })

  test('is not told of a call that succeeds in the end', async () => {
    const { client, platform, failures } = clientOver((_, attempt) => {
      if (attempt === 1) throw broken()
      return { configs: [] }
    })
    await platform.run(client.config().list())
    expect(failures).toEqual([])
  })

  test('is told of a value that cannot be sent, as of any other failure', async () => {
    const { client, failures } = clientOver(() => ({}))
    const bucket = client.kv().bucket('b')
    const cycle: { self?: object } = {}
    cycle.self = cycle
    const calls: Array<[string, Promise<unknown>]> = [
      ['kv.put', bucket.put('k', undefined)],
      ['kv.create', bucket.create('k', 1n)],
      ['kv.update', bucket.update('k', cycle, 1)],
      ['config.set', client.config().set('a', cycle)],
      ['config.patch', client.config().patch('a', { n: 1n })],
    ]
    for (const [method, call] of calls) {
      const error = await failure(call)
      expect(error).toBeInstanceOf(ValidationError)
      expect(error.method).toBe(method)
    }
    expect(failures.map(({ context: { method, attempts, endpoint } }) => ({ method, attempts, endpoint }))).toEqual(
      calls.map(([method]) => ({ method, attempts: 0, endpoint: `fake:${method}` })),
    )
  })

  test('is told of an answer that cannot be read', async () => {
    const { client, failures } = clientOver(() => ({ ok: true }))
    const reads = [
      client.config().get('a'),
      client.config().list(),
      client.kv().bucket('b').get('k'),
      client.kv().bucket('b').find('k'),
      client.kv().bucket('b').listKeys(),
      client.kv().bucket('b').history('k'),
      client.kv().bucket('b').entries().next(),
      client.kv().listBuckets(),
      client.admin().apiKeys.list(),
    ]
    for (const read of reads) expect(await failure(read)).toMatchObject({ code: 'invalid_response' })
    expect(failures.map(({ context }) => context.method)).toEqual([
      'config.get',
      'config.list',
      'kv.get',
      'kv.get',
      'kv.keys',
      'kv.history',
      'kv.entries',
      'kv.listBuckets',
      'admin.apiKeys.list',
    ])
  })

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('hook')
      },
    ],
    ['rejects', () => Promise.reject(new Error('hook'))],
    ['never answers', () => new Promise(() => {})],
  ])('that %s changes nothing', async (_, onError) => {
    const { client, platform } = clientOver(
      () => {
        throw errorFor('not_found', 'gone')
      },
      { onError },
    )
    expect(await failure(platform.run(client.config().get('a')))).toMatchObject({ code: 'not_found', message: 'gone' })
    await settle()
  })
})
