import { describe, expect, test } from 'vitest'
import { Client } from '../../src/client'
import { UnauthenticatedError } from '../../src/errors/kinds'
import { FakePlatform, settle } from '../fake-platform'
import { failure } from '../fake-transport'

type Source = () => string | Promise<string>

/** A client whose server knows the keys that `valid` says, and the keys it was asked with. */
function clientWith(apiKey: string | Source | undefined, valid: (key: string | undefined) => boolean, options = {}) {
  const platform = new FakePlatform()
  const sent: Array<string | undefined> = []
  platform.fetch = async (_, init) => {
    const key = new Headers(init?.headers).get('authorization')?.replace('Bearer ', '')
    sent.push(key)
    if (valid(key)) return Response.json({ name: 'a', data: {}, revision: 1 })
    return Response.json({ code: 'unauthenticated', detail: 'no such key' }, { status: 401 })
  }
  return { platform, sent, client: new Client({ apiKey, ...options }, platform) }
}

/** A function that hands out one key after another. */
function source(...keys: string[]) {
  const asked = { times: 0, ask: async () => keys[asked.times++] as string }
  return asked
}

const always = () => true

describe('a key that is text', () => {
  test('goes with every call', async () => {
    const { client, sent } = clientWith('ifkey_1', always)
    await client.config().get('a')
    await client.config().get('a')
    expect(sent).toEqual(['ifkey_1', 'ifkey_1'])
  })

  test('that is refused is refused at once', async () => {
    const { client, sent } = clientWith('ifkey_1', () => false)
    expect(await failure(client.config().get('a'))).toBeInstanceOf(UnauthenticatedError)
    expect(sent).toHaveLength(1)
  })

  test('can be missing', async () => {
    const { client, sent } = clientWith(undefined, always)
    await client.config().get('a')
    expect(sent).toEqual([undefined])
  })
})

describe('a function', () => {
  test('is not asked before the first call, and once for all calls', async () => {
    const keys = source('one', 'two')
    const { client, sent } = clientWith(keys.ask, always)
    expect(keys.times).toBe(0)
    await Promise.all(Array.from({ length: 10 }, () => client.config().get('a')))
    await client.config().get('a')
    expect([keys.times, new Set(sent)]).toEqual([1, new Set(['one'])])
  })

  test('is asked again after a 401, and the call succeeds', async () => {
    const keys = source('old', 'new')
    const { client, sent } = clientWith(keys.ask, (key) => key === 'new', { retry: false })
    await client.config().get('a')
    await client.config().get('a')
    expect(sent).toEqual(['old', 'new', 'new'])
    expect(keys.times).toBe(2)
  })

  test('is asked once for many calls that were refused together', async () => {
    const keys = source('old', 'new', 'newer')
    const { client } = clientWith(keys.ask, (key) => key === 'new')
    await Promise.all(Array.from({ length: 10 }, () => client.config().get('a')))
    expect(keys.times).toBe(2)
  })

  test('is not asked again by a call whose old key was refused late', async () => {
    const keys = source('old', 'new', 'newer')
    const platform = new FakePlatform()
    const refusals: Array<() => void> = []
    platform.fetch = async (_, init) => {
      if (new Headers(init?.headers).get('authorization') === 'Bearer new')
        return Response.json({ name: 'a', data: {} })
      await new Promise<void>((resolve) => refusals.push(resolve))
      return Response.json({ code: 'unauthenticated' }, { status: 401 })
    }
    const client = new Client({ apiKey: keys.ask }, platform)
    const [early, late] = [client.config().get('a'), client.config().get('a')]
    await settle()
    refusals[0]?.()
    await early
    refusals[1]?.()
    await late
    expect(keys.times).toBe(2)
  })

  test('whose second key is refused too is not asked a third time by that call', async () => {
    const keys = source('a', 'b', 'c')
    const { client, sent } = clientWith(keys.ask, () => false)
    expect(await failure(client.config().get('a'))).toMatchObject({ code: 'unauthenticated', status: 401 })
    expect(sent).toEqual(['a', 'b'])
  })

  test.each<[string, Source]>([
    [
      'throws',
      () => {
        throw new Error('vault is down')
      },
    ],
    ['rejects', () => Promise.reject(new Error('vault is down'))],
  ])(
    'that %s fails the call with what it threw as the cause, is asked once, and again by the next',
    async (_, fail) => {
      let times = 0
      const { client, sent } = clientWith(() => {
        times += 1
        return times === 1 ? fail() : 'good'
      }, always)
      const errors = await Promise.all([failure(client.config().get('a')), failure(client.kv().bucket('b').get('k'))])
      for (const error of errors) {
        expect(error).toBeInstanceOf(UnauthenticatedError)
        expect(error).toMatchObject({ message: 'the apiKey function failed', status: undefined })
        expect(error.cause).toEqual(new Error('vault is down'))
      }
      expect(errors.map((error) => error.method)).toEqual(['config.get', 'kv.get'])
      expect([times, sent]).toEqual([1, []])
      await client.config().get('a')
      expect(sent).toEqual(['good'])
    },
  )

  test.each([undefined, '', 'two words', 'secret\n', 'ключ', 5])(
    'that answers %j fails the call and keeps it to itself',
    async (key) => {
      const { client, sent } = clientWith(() => key as string, always)
      const error = await failure(client.config().get('a'))
      expect(error).toBeInstanceOf(UnauthenticatedError)
      expect(`${error.message} ${(error.cause as Error).message}`).not.toContain('secret')
      expect(sent).toEqual([])
    },
  )

  test('that hangs is given up with the attempt and asked anew by the next', async () => {
    let times = 0
    const ask = () => {
      times += 1
      return times === 1 ? new Promise<string>(() => {}) : 'good'
    }
    const { client, platform, sent } = clientWith(ask, always)
    await platform.run(client.config().get('a'))
    expect([sent, platform.elapsed]).toEqual([['good'], 10_050])
  })

  test('that answers after its call was given up has still answered', async () => {
    let answer: (key: string) => void = () => {}
    let times = 0
    const ask = () => {
      times += 1
      return new Promise<string>((resolve) => {
        answer = resolve
      })
    }
    const { client, platform, sent } = clientWith(ask, always)
    await failure(platform.run(client.config().get('a', { timeoutMs: 100 })))
    answer('late')
    await settle()
    await client.config().get('a')
    expect([times, sent]).toEqual([1, ['late']])
  })

  test('that hangs does not hold up an abort, nor is it asked again because of one', async () => {
    let times = 0
    const { client } = clientWith(() => {
      times += 1
      return new Promise<string>(() => {})
    }, always)
    const controller = new AbortController()
    const call = client.config().get('a', { signal: controller.signal })
    controller.abort()
    expect(await failure(call)).toMatchObject({ code: 'aborted' })
    const other = client.config().get('a')
    await client.close()
    expect(await failure(other)).toMatchObject({ code: 'closed' })
    expect(times).toBe(1)
  })
})
