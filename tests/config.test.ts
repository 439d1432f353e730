import { ConflictError, NotFoundError, ValidationError } from '@ironflow/node'
import { describe, expect, it } from 'vitest'
import { errorRecorder, failure, useWorld } from './support/world'

const world = useWorld()

describe('config documents over HTTP', () => {
  it('are made by a patch, and later patches leave the other fields alone', async () => {
    const config = world.client().config()
    const first = await config.patch('made-by-patch', { a: 1 })
    const second = await config.patch('made-by-patch', { b: null })
    expect(second.revision).toBeGreaterThan(first.revision)
    expect(await config.get('made-by-patch')).toEqual({ ...second, data: { a: 1, b: null } })
  })

  it('keep all of 64 fields that 64 clients patch at once', async () => {
    const fields = Array.from({ length: 64 }, (_, n) => `field${n}`)
    await Promise.all(
      fields.map((field, n) =>
        world
          .client()
          .config()
          .patch('crowded', { [field]: n }),
      ),
    )
    const { data } = await world.client().config().get('crowded')
    expect(data).toEqual(Object.fromEntries(fields.map((field, n) => [field, n])))
  })

  it('are read by a client that wrote them as it wrote them, every time', async () => {
    const config = world.client().config()
    for (let n = 0; n < 50; n += 1) {
      await config.set('mine', { n })
      expect((await config.get('mine')).data).toEqual({ n })
    }
  })

  it('refuse a write to a revision that is not the newest, and say which is', async () => {
    const config = world.client().config()
    const { revision } = await config.set('guarded', { n: 1 })
    const newer = await config.set('guarded', { n: 2 })
    for (const write of [
      () => config.set('guarded', { n: 3 }, { ifRevision: revision }),
      () => config.patch('guarded', { n: 3 }, { ifRevision: revision }),
      () => config.delete('guarded', { ifRevision: revision }),
      () => config.set('guarded', {}, { createOnly: true }),
    ]) {
      const error = await failure(write())
      expect(error).toBeInstanceOf(ConflictError)
      expect(error).toMatchObject({ code: 'revision_conflict', status: 412, currentRevision: newer.revision })
    }
    expect((await config.get('guarded')).data).toEqual({ n: 2 })
  })

  it('are modified by many at once without losing a step', async () => {
    const clients = Array.from({ length: 8 }, () => world.client())
    const step = (current: { n: number } | undefined) => ({ n: (current?.n ?? 0) + 1 })
    await Promise.all(clients.flatMap((client) => [1, 2, 3].map(() => client.config().modify('steps', step))))
    expect((await world.client().config().get('steps')).data).toEqual({ n: 24 })
  })

  it('have a history, can be read as they were, and be rolled back', async () => {
    const config = world.client().config()
    const first = await config.set('versions', { n: 1 })
    await config.set('versions', { n: 2 })
    await config.delete('versions')
    const history = await config.history<{ n: number }>('versions')
    expect(history.map(({ operation, data }) => [operation, data?.n])).toEqual([
      ['delete', undefined],
      ['put', 2],
      ['put', 1],
    ])
    expect((await config.get('versions', { revision: first.revision })).data).toEqual({ n: 1 })
    const back = await config.rollback('versions', first.revision)
    expect(back.revision).toBeGreaterThan(history[0]?.revision ?? Number.POSITIVE_INFINITY)
    expect((await config.get('versions')).data).toEqual({ n: 1 })
  })

  it('can be deleted when they are not there', async () => {
    await expect(world.client().config().delete('never-was')).resolves.toHaveProperty('revision')
  })

  it('are listed by name, without their content', async () => {
    const client = world.client({ environment: 'listing' })
    for (const name of ['b', 'a', 'c']) await client.config().set(name, {})
    const list = await client.config().list()
    expect(list.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    expect(list[0]).not.toHaveProperty('data')
  })
})

describe('a failed call', () => {
  it('is reported once, with its whole context', async () => {
    const { onError, reports } = errorRecorder()
    const error = await failure(world.client({ onError, environment: 'empty' }).config().get('missing'))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(reports).toHaveLength(1)
    expect(reports[0]?.error).toBe(error)
    expect(reports[0]?.context).toEqual({
      method: 'config.get',
      endpoint: `${world.server.url}/api/v1/config/missing`,
      status: 404,
      requestId: error.requestId,
      attempts: 1,
      environment: 'empty',
    })
  })

  it('is not reported where the caller asked with find', async () => {
    const { onError, reports } = errorRecorder()
    expect(await world.client({ onError }).config().find('missing')).toBeUndefined()
    expect(reports).toEqual([])
  })

  it('names the place of every mistake', async () => {
    const config = world.client().config()
    expect(await failure(config.set('bad name', {}))).toMatchObject({
      code: 'invalid_request',
      fields: { name: expect.any(String) },
    })
    expect(await failure(config.set('list', [1]))).toBeInstanceOf(ValidationError)
    const polluting = JSON.parse('{"deep": {"__proto__": {"polluted": true}}}')
    expect(await failure(config.set('polluting', polluting))).toBeInstanceOf(ValidationError)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})
