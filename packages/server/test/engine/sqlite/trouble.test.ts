import { expect, it, vi } from 'vitest'
import { bundle, openForTest, openIn, temporaryDirectory, text } from './store-directory'

const bulk = (letter: string) => text(letter.repeat(20_000))

it('on a full disk writes are storage_full, reads go on, and what makes room ends it', async () => {
  const engine = await openForTest(await temporaryDirectory(), { maxPages: 120 })
  await engine.put('keep', 'k', text('v'))
  const fill = async () => {
    for (let n = 0; n < 100; n++) await engine.put('fill', `k${n}`, bulk('x'))
  }
  await expect(fill()).rejects.toMatchObject({ code: 'storage_full', retryable: false })
  expect(engine.status()).toMatchObject({ ready: false, reason: expect.stringMatching(/disk .*is full/) })
  expect(await engine.get('keep', 'k')).toMatchObject({ value: text('v') })
  const { entries } = await engine.entries('fill', { limit: 100, values: true })
  expect(await engine.bucketInfo('fill')).toMatchObject({ values: entries.length, bytes: entries.length * 20_000 })
  await engine.deleteBucket('fill')
  expect(engine.status()).toMatchObject({ ready: true })
  await engine.put('fill', 'again', bulk('y'))
})

it('one write that does not fit does not fail the batch it is in', async () => {
  const directory = await temporaryDirectory()
  const engine = await openForTest(directory, { maxPages: 60 })
  const outcomes = await Promise.allSettled([
    engine.put('b', 'a', text('1')),
    engine.put('b', 'huge', text('x'.repeat(900_000))),
    engine.put('b', 'c', text('3')),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect((await engine.entries('b', { limit: 5, values: false })).entries.map(({ key }) => key)).toEqual(['a', 'c'])
  expect(engine.status()).toMatchObject({ ready: true })
})

it('a store that was full says that it is ready when there is room again, without any write', async () => {
  const engine = await openForTest(await temporaryDirectory(), { maxPages: 60 })
  await expect(engine.put('b', 'huge', text('x'.repeat(900_000)))).rejects.toMatchObject({ code: 'storage_full' })
  expect(engine.status()).toMatchObject({ ready: false })
  await vi.waitFor(() => expect(engine.status()).toMatchObject({ ready: true }), { timeout: 3_000 })
})

it('when the thread that writes dies, what was under way fails, and nothing more is accepted', async () => {
  const directory = await temporaryDirectory()
  const onFatal = vi.fn()
  const engine = await openIn(directory, { workerUrl: bundle('sqlite-mortal-worker'), onFatal })
  await engine.put('b', 'k', text('before'))
  const failed = await Promise.allSettled([engine.put('b', 'other', text('x')), engine.put('b', 'k', text('beside'))])
  for (const outcome of failed) {
    expect(outcome).toMatchObject({
      reason: { code: 'unavailable', message: expect.stringMatching(/has ended; restart the server/) },
    })
  }
  expect(onFatal).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ code: 'unavailable', message: expect.stringMatching(/has ended; restart the server/) }),
  )
  expect(engine.status()).toMatchObject({ ready: false, reason: expect.stringMatching(/restart the server/) })
  await expect(engine.put('b', 'k', text('after'))).rejects.toMatchObject({ code: 'unavailable' })
  expect(await engine.get('b', 'k')).toMatchObject({ value: text('before') })
  await engine.close()
  const next = await openForTest(directory)
  expect(await next.get('b', 'k')).toMatchObject({ value: text('before') })
  expect(await next.get('b', 'other')).toBeUndefined()
})

it('a thread that ends before it has opened the database refuses the start', async () => {
  const onFatal = vi.fn()
  const workerUrl = new URL('data:text/javascript,process.exit(3)')
  await expect(openIn(await temporaryDirectory(), { workerUrl, onFatal })).rejects.toThrow(/it exited with 3/)
  expect(onFatal).not.toHaveBeenCalled()
})

it('a store that is closed has not failed', async () => {
  const onFatal = vi.fn()
  const engine = await openIn(await temporaryDirectory(), { onFatal })
  await engine.put('b', 'k', text('v'))
  await engine.close()
  expect(onFatal).not.toHaveBeenCalled()
})

it('more writes than may wait are turned away, and those that wait are written', async () => {
  const engine = await openForTest(await temporaryDirectory())
  const writes = Array.from({ length: 20_100 }, (_, n) => engine.put('b', `k${n % 100}`, text('v')))
  const outcomes = await Promise.allSettled(writes)
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(failed).toHaveLength(100)
  expect(failed[0]).toMatchObject({ reason: { code: 'unavailable', retryable: true } })
  await engine.put('b', 'k', text('and on'))
})
