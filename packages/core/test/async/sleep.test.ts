import { expect, test } from 'vitest'
import { sleep } from '../../src/async/sleep'
import { FakePlatform } from '../fake-platform'
import { failure } from '../fake-transport'

test('a sleep ends when its time is over', async () => {
  const platform = new FakePlatform()
  await platform.run(sleep(platform, 5_000))
  expect(platform.elapsed).toBe(5_000)
})

test('an aborted sleep rejects at once with the reason, and leaves no timer', async () => {
  const platform = new FakePlatform()
  const controller = new AbortController()
  const sleeping = failure<Error>(sleep(platform, 5_000, controller.signal))
  controller.abort(new Error('enough'))
  expect((await sleeping).message).toBe('enough')
  expect([platform.elapsed, platform.timers.size]).toEqual([0, 0])
})
