import { createClient, isIronflowError } from '@ironflow/node'
import { expect, test } from 'vitest'
import { inProcessTransport } from '../../src'
import { ADMIN_KEY, Harness } from '../support/harness'

const harness = new Harness()
const client = (apiKey?: string) => createClient({ transport: inProcessTransport(harness.server, { apiKey }) })

test.each([[{ a: [1, null] }], [5], ['text'], [null], [false], [Uint8Array.of(0, 255)]])(
  'a value (%o) comes back as it went in',
  async (value) => {
    const bucket = client(ADMIN_KEY).kv().bucket('b')
    await bucket.put('a', value)
    expect((await bucket.get('a')).value).toEqual(value)
  },
)

test('nothing passes by reference', async () => {
  const config = client(ADMIN_KEY).config()
  const bucket = client(ADMIN_KEY).kv().bucket('b')
  const data = { list: [1] }
  const bytes = Uint8Array.of(1)
  await config.set('a', data)
  await bucket.put('bytes', bytes)
  data.list.push(2)
  bytes[0] = 9
  const first = await config.get('a')
  first.data.list.push(3)
  expect((await config.get('a')).data).toEqual({ list: [1] })
  expect((await bucket.get('bytes')).value).toEqual(Uint8Array.of(1))
})

test('errors are those of the wire', async () => {
  const update = client(ADMIN_KEY).kv().bucket('b').update('none', 1, 7)
  await expect(update).rejects.toMatchObject({ name: 'ConflictError', status: 412, currentRevision: 0 })
  const get = client().config().get('a')
  await expect(get).rejects.toMatchObject({ name: 'UnauthenticatedError', status: 401, requestId: expect.any(String) })
  expect(await get.catch(isIronflowError)).toBe(true)
})

test('calls are counted like those over HTTP', async () => {
  const { server } = new Harness()
  const config = createClient({ transport: inProcessTransport(server, { apiKey: ADMIN_KEY }) }).config()
  await config.list()
  await config.find('none')
  const { text } = await server.metrics()
  expect(text).toContain('_count{method="config.list",code="ok"} 1\n')
  expect(text).toContain('_count{method="config.get",code="not_found"} 1\n')
})

test('a call ends with its signal', async () => {
  const call = client(ADMIN_KEY)
    .config()
    .list({ signal: AbortSignal.abort('enough') })
  await expect(call).rejects.toMatchObject({ code: 'aborted', cause: 'enough' })
})
