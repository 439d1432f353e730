import { afterEach, describe, expect, test } from 'vitest'
import { closeAll, connect, start, Told, watch } from '../support/in-process'
import { settle } from '../support/recording-sink'

afterEach(closeAll)

describe('a client within the process', () => {
  test('is told values, then changes, of all that it watches, over one session', async () => {
    const harness = start()
    const client = connect(harness)
    await client.kv().bucket('b').put('a', 1)
    await client.config().set('limits', { seats: 5 })
    const { watcher, updates, states } = watch(client)
    const documents = new Told<unknown>()
    const limits = client.config().watch('limits', { onUpdate: ({ data }) => documents.take(data) })
    await Promise.all([watcher.ready, limits.ready])
    expect([updates.events, documents.events]).toEqual([[['put', 'a', 1]], [{ seats: 5 }]])
    expect([harness.server.core.watching.size, states.events.at(-1)]).toEqual([1, 'live'])
    await client.kv().bucket('b').put('b', 2)
    await client.kv().bucket('b').delete('a')
    expect((await updates.until(3)).slice(1)).toEqual([
      ['put', 'b', 2],
      ['delete', 'a', undefined],
    ])
    expect(client.status()).toMatchObject({ state: 'live', transport: 'custom' })
  })

  test('may watch more while it is connected, and less', async () => {
    const harness = start()
    const client = connect(harness)
    const first = watch(client)
    await first.watcher.ready
    const second = watch(client, 'c', 'a.*')
    await second.watcher.ready
    await client.kv().bucket('c').put('a.1', 1)
    await client.kv().bucket('c').put('b.1', 1)
    await client.kv().bucket('c').put('a.2', 2)
    expect(await second.updates.until(2)).toEqual([
      ['put', 'a.1', 1],
      ['put', 'a.2', 2],
    ])
    second.watcher.stop()
    await client.kv().bucket('c').put('a.3', 3)
    await client.kv().bucket('b').put('x', 1)
    await first.updates.until(1)
    expect([second.updates.events.length, harness.server.core.watching.size]).toEqual([2, 1])
  })
})

describe('a watch of what there cannot be', () => {
  test('ends with the error, and nothing else does', async () => {
    const client = connect(start())
    const good = watch(client)
    await good.watcher.ready
    const bad = watch(client, 'no such!')
    await expect(bad.watcher.ready).rejects.toMatchObject({ code: 'invalid_request', status: 400 })
    expect(bad.errors.events).toMatchObject([{ fields: { target: expect.any(String) } }])
    expect(bad.closes.events).toEqual(bad.errors.events)
    expect(bad.watcher.status).toMatchObject({ state: 'closed' })
    await client.kv().bucket('b').put('a', 1)
    await good.updates.until(1)
    expect(good.watcher.status.state).toBe('live')
  })

  test('ends with the error also where it is the first', async () => {
    const client = connect(start())
    const { watcher, errors } = watch(client, 'b', '*.')
    await expect(watcher.ready).rejects.toMatchObject({ code: 'invalid_request' })
    expect(errors.events).toHaveLength(1)
    expect(client.status().state).toBe('idle')
  })
})

describe('a key', () => {
  test('that is unknown is told as such, and to the client', async () => {
    const failures = new Told<[string, string]>()
    const client = connect(start(), `ifkey_${'b'.repeat(48)}`, {
      onError: ({ code }, { method }) => failures.take([code, method]),
    })
    const { watcher, errors } = watch(client)
    expect(await errors.until(1)).toMatchObject([{ code: 'unauthenticated', status: 401 }])
    expect(failures.events).toEqual([['unauthenticated', 'kv.watch']])
    expect(watcher.status.state).toBe('unauthorized')
  })

  test('that is missing is told as such', async () => {
    const harness = start()
    const { errors } = watch(connect(harness, null))
    expect(await errors.until(1)).toMatchObject([{ code: 'unauthenticated' }])
  })

  test('watches what its scopes let it, and waits for the right to the rest', async () => {
    const harness = start()
    const client = connect(harness, await harness.key({ role: 'viewer', scopes: ['read:kv:b'] }))
    const [allowed, refused] = [watch(client), watch(client, 'c')]
    await allowed.watcher.ready
    expect(await refused.errors.until(1)).toMatchObject([{ code: 'unauthorized', status: 403 }])
    expect([allowed.watcher.status.state, refused.watcher.status.state]).toEqual(['live', 'unauthorized'])
    await harness.put('b/keys/a', 1)
    expect(await allowed.updates.until(1)).toEqual([['put', 'a', 1]])
  })

  test('that is revoked ends what is watched with it', async () => {
    const harness = start()
    const { status, json } = await harness.request('POST', '/api/v1/apikeys', { body: { name: 'k', role: 'admin' } })
    expect(status).toBe(201)
    const client = connect(harness, json.key)
    const { watcher, errors } = watch(client)
    await watcher.ready
    await harness.request('DELETE', `/api/v1/apikeys/${json.id}`)
    harness.server.core.watching.tick()
    expect(await errors.until(1)).toMatchObject([{ code: 'unauthenticated' }])
    expect(watcher.status.state).toBe('unauthorized')
    expect(harness.server.core.watching.size).toBe(0)
  })
})

describe('environments', () => {
  test('are worlds of their own', async () => {
    const harness = start()
    const [prod, other] = [connect(harness, undefined, { environment: 'prod' }), connect(harness)]
    const [ofProd, ofOther] = [watch(prod), watch(other)]
    await Promise.all([ofProd.watcher.ready, ofOther.watcher.ready])
    await prod.kv().bucket('b').put('a', 'prod')
    await other.kv().bucket('b').put('a', 'default')
    expect(await ofProd.updates.until(1)).toEqual([['put', 'a', 'prod']])
    expect(await ofOther.updates.until(1)).toEqual([['put', 'a', 'default']])
  })

  test('that are not known end what is watched there', async () => {
    const client = connect(start({ environments: ['default'] }), undefined, { environment: 'prdo' })
    const { watcher, errors } = watch(client)
    await expect(watcher.ready).rejects.toMatchObject({ code: 'invalid_request' })
    expect(errors.events[0]?.message).toContain('"prdo" is not one of this server\'s environments: default')
  })
})

describe('the end', () => {
  test('by the client leaves nothing on the server, and tells nothing more', async () => {
    const harness = start()
    const client = connect(harness)
    const { watcher, updates, closes, errors } = watch(client)
    await watcher.ready
    const written = harness.put('b/keys/a', 1)
    await client.close()
    expect(harness.server.core.watching.size).toBe(0)
    await written
    expect([updates.events, closes.events, errors.events]).toEqual([[], [undefined], []])
  })

  test('by the client is the end also while the key is looked up', async () => {
    const harness = start()
    const client = connect(harness)
    watch(client)
    // The connection is being made by then, and not yet open.
    await Promise.resolve()
    await client.close()
    await harness.get('b/keys/a')
    expect(harness.server.core.watching.size).toBe(0)
  })

  test('when nothing is watched any more', async () => {
    const harness = start()
    const client = connect(harness)
    const { watcher } = watch(client)
    await watcher.ready
    expect(harness.server.core.watching.size).toBe(1)
    watcher.stop()
    await settle()
    expect([harness.server.core.watching.size, client.status().state]).toEqual([0, 'idle'])
  })

  test('by the server says when to come back, and who comes earlier is sent away', async () => {
    const harness = start()
    const client = connect(harness)
    const { watcher, states } = watch(client)
    await watcher.ready
    const before = Date.now()
    harness.server.drain()
    await states.until(3)
    const { status } = watcher
    expect(status).toMatchObject({ state: 'interrupted', error: { message: 'the server goes away' } })
    expect(status.state === 'interrupted' && status.retryAt - before).toBeGreaterThanOrEqual(500)
    const late = watch(connect(harness))
    await late.states.until(2)
    expect(late.watcher.status).toMatchObject({ state: 'interrupted', error: { code: 'unavailable', status: 503 } })
  })

  test('by the server, of a client with more than a server takes, says so', async () => {
    const harness = start({ limits: { streams: 1 } })
    const first = watch(connect(harness))
    await first.watcher.ready
    const second = watch(connect(harness))
    await second.states.until(2)
    expect(second.watcher.status).toMatchObject({ state: 'interrupted', error: { code: 'rate_limited' } })
    expect(first.watcher.status.state).toBe('live')
  })
})
