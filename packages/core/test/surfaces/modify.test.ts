import { describe, expect, test } from 'vitest'
import { type ConflictError, errorFor, ValidationError } from '../../src/errors/kinds'
import type { RawJson } from '../../src/protocol/json'
import { MAX_MODIFY_ATTEMPTS } from '../../src/surfaces/modify'
import { settle } from '../fake-platform'
import { clientOver, failure } from '../fake-transport'

/** One key of a store, with the checks of a real one; `before` may write in between. */
function store(start?: unknown, before: (write: (value: unknown) => void, attempt: number) => void = () => {}) {
  const state = { value: start, revision: start === undefined ? 0 : 1 }
  const write = (value: unknown) => {
    state.value = value
    state.revision += 1
  }
  let writes = 0
  const answer = (call: { method: string; params: unknown }) => {
    if (call.method === 'kv.get') {
      if (state.revision === 0) throw errorFor('not_found', 'nothing there')
      return { bucket: 'b', key: 'k', value: state.value, encoding: 'json', revision: state.revision, operation: 'put' }
    }
    writes += 1
    before(write, writes)
    const params = call.params as { value: RawJson; ifRevision?: number }
    if ((params.ifRevision ?? 0) !== state.revision) {
      throw errorFor('revision_conflict', 'stale', { currentRevision: state.revision })
    }
    write(JSON.parse(params.value.text))
    return { revision: state.revision }
  }
  return { state, ...clientOver(answer) }
}

const increment = (n = 0) => (n as number) + 1

describe('modify', () => {
  test('creates what is not there', async () => {
    const { client, transport, state, failures } = store()
    expect(await client.kv().bucket('b').modify('k', increment)).toEqual({ revision: 1, value: 1 })
    expect([transport.methods, state.value, failures]).toEqual([['kv.get', 'kv.create'], 1, []])
  })

  test('updates what is there at the revision it has read', async () => {
    const { client, transport } = store(41)
    expect(await client.kv().bucket('b').modify('k', increment)).toEqual({ revision: 2, value: 42 })
    expect([transport.methods, transport.params(1).ifRevision]).toEqual([['kv.get', 'kv.update'], 1])
  })

  test('starts over when somebody else wrote in between, which is no matter for onError', async () => {
    const { client, platform, state, failures } = store(0, (write, attempt) => {
      if (attempt <= 3) write(attempt * 100)
    })
    await platform.run(client.kv().bucket('b').modify('k', increment))
    expect([state.value, failures]).toEqual([301, []])
  })

  test('starts over when somebody else created it first', async () => {
    const { client, platform, transport } = store(undefined, (write, attempt) => {
      if (attempt === 1) write(7)
    })
    expect(await platform.run(client.kv().bucket('b').modify('k', increment))).toMatchObject({ value: 8 })
    expect(transport.methods).toEqual(['kv.get', 'kv.create', 'kv.get', 'kv.update'])
  })

  test('gives up with the conflict after its bound, and only that one is reported', async () => {
    const { client, platform, failures, transport } = store(0, (write) => write(0))
    const error = await failure<ConflictError>(platform.run(client.kv().bucket('b').modify('k', increment)))
    expect(error).toMatchObject({ code: 'revision_conflict', method: 'kv.update' })
    expect(error.currentRevision).toBe(MAX_MODIFY_ATTEMPTS + 1)
    expect(transport.methods.filter((method) => method === 'kv.update')).toHaveLength(MAX_MODIFY_ATTEMPTS)
    expect(failures.map((failed) => failed.error)).toEqual([error])
  })

  test('begins no further try when its time is up, and reports that last conflict', async () => {
    const { client, platform, failures, transport } = store(0, (write) => write(0))
    platform.chance = 0.999
    await failure(platform.run(client.kv().bucket('b').modify('k', increment, { timeoutMs: 1000 })))
    // Waits of 4, 8, … 128 and then 250 are 1,004 ms after the ninth.
    expect(transport.methods.filter((method) => method === 'kv.update')).toHaveLength(10)
    expect(failures.map(({ error }) => error.code)).toEqual(['revision_conflict'])
  })

  test('waits between tries, each wait bounded', async () => {
    const { client, platform } = store(0, (write) => write(0))
    platform.chance = 0.999
    await failure(platform.run(client.kv().bucket('b').modify('k', increment)))
    const waits = platform.delays.filter((ms) => ms < 1000)
    expect(waits).toHaveLength(MAX_MODIFY_ATTEMPTS - 1)
    expect(waits.slice(0, 3)).toEqual([4, 8, 16])
    expect(Math.max(...waits)).toBe(250)
  })

  test('tells of what the change threw as it is, and writes nothing', async () => {
    const { client, transport, failures } = store(1)
    const thrown = new Error('mine')
    const change = () => {
      throw thrown
    }
    expect(await failure(client.kv().bucket('b').modify('k', change))).toBe(thrown)
    expect([transport.methods, failures]).toEqual([['kv.get'], []])
  })

  test('does not start over for a conflict that the change brought from elsewhere', async () => {
    const { client, transport } = store(1)
    const other = errorFor('revision_conflict', 'of another key')
    const change = () => Promise.reject(other)
    expect(await failure(client.kv().bucket('b').modify('k', change))).toBe(other)
    expect(transport.methods).toEqual(['kv.get'])
  })

  test('of a change that answers nothing is a failed write, and is reported', async () => {
    const { client, failures } = store(1)
    expect(
      await failure(
        client
          .kv()
          .bucket('b')
          .modify('k', () => undefined),
      ),
    ).toBeInstanceOf(ValidationError)
    expect(failures.map(({ context }) => context.method)).toEqual(['kv.update'])
  })

  test('that is aborted while it waits ends at once', async () => {
    const { client, platform, failures } = store(0, (write) => write(0))
    platform.chance = 0.999
    const controller = new AbortController()
    const call = client.kv().bucket('b').modify('k', increment, { signal: controller.signal })
    await settle()
    controller.abort('enough')
    expect(await failure(call)).toMatchObject({ code: 'aborted', cause: 'enough' })
    expect([failures, platform.timers.size]).toEqual([[], 0])
  })

  test('by 64 at a time sets off no warning of a leak', async () => {
    const warnings: Error[] = []
    const note = (warning: Error) => warnings.push(warning)
    process.on('warning', note)
    const { client, platform, state } = store(0)
    const { signal } = new AbortController()
    const bucket = client.kv().bucket<number>('b')
    const alone = Array.from({ length: 32 }, () => bucket.modify('k', increment))
    const together = Array.from({ length: 32 }, () => bucket.modify('k', increment, { signal }))
    await platform.run(Promise.all([...alone, ...together]))
    await settle()
    process.off('warning', note)
    expect([state.value, warnings]).toEqual([64, []])
  })
})

describe('config.modify', () => {
  test('creates at revision 0, updates at the revision read, and answers the document', async () => {
    let revision = 0
    const { client, transport } = clientOver((call) => {
      if (call.method === 'config.get') {
        if (revision === 0) throw errorFor('not_found', 'nothing there')
        return { name: 'limits', data: { seats: 5 }, revision }
      }
      revision += 1
      return { name: 'limits', revision, updatedAt: 'now' }
    })
    type Limits = { seats: number }
    const add = (current?: Limits) => ({ seats: (current?.seats ?? 0) + 1 })
    const modify = () => client.config().modify<Limits>('limits', add)
    expect(await modify()).toEqual({ name: 'limits', data: { seats: 1 }, revision: 1, updatedAt: 'now' })
    expect(await modify()).toMatchObject({ data: { seats: 6 }, revision: 2 })
    expect([transport.params(1).ifRevision, transport.params(3).ifRevision]).toEqual([0, 1])
    expect((transport.params(3).data as RawJson).text).toBe('{"seats":6}')
  })

  test('reports the last conflict', async () => {
    const { client, platform, failures } = clientOver((call) => {
      if (call.method === 'config.get') return { name: 'a', data: {}, revision: 1 }
      throw errorFor('revision_conflict', 'stale')
    })
    await failure(platform.run(client.config().modify('a', () => ({}))))
    expect(failures.map(({ context }) => context.method)).toEqual(['config.set'])
  })
})
