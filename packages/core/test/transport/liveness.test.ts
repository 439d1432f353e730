import { describe, expect, test } from 'vitest'
import { Liveness } from '../../src/transport/liveness'
import { FakePlatform } from '../fake-platform'

function watched() {
  const platform = new FakePlatform()
  const silences: number[] = []
  const liveness = new Liveness(platform, () => silences.push(platform.elapsed))
  return { platform, liveness, silences }
}

describe('silence', () => {
  test('is a fault after three heartbeats, and is told once', async () => {
    const { platform, liveness, silences } = watched()
    liveness.start(1_000)
    await platform.advance(2_999)
    expect(silences).toEqual([])
    await platform.advance(60_000)
    expect(silences).toEqual([3_000])
    expect(platform.timers.size).toBe(0)
  })

  test('is counted from the last message', async () => {
    const { platform, liveness, silences } = watched()
    liveness.start(1_000)
    await platform.advance(2_500)
    liveness.touch()
    await platform.advance(2_999)
    expect(silences).toEqual([])
    await platform.advance(1)
    expect(silences).toEqual([5_500])
  })

  test('is measured anew when the server says how often its heart beats', async () => {
    const { platform, liveness, silences } = watched()
    liveness.start(15_000)
    liveness.start(100)
    await platform.advance(300)
    expect(silences).toEqual([300])
  })

  test('is nobody’s business after the connection is gone', async () => {
    const { platform, liveness, silences } = watched()
    liveness.start(1_000)
    liveness.stop()
    liveness.check()
    await platform.advance(60_000)
    expect(silences).toEqual([])
    expect(platform.timers.size).toBe(0)
  })
})

describe('a look at it', () => {
  test('finds at once that the clock has gone on while the timers stood still', () => {
    const { platform, liveness, silences } = watched()
    liveness.start(1_000)
    platform.jump(3_000)
    liveness.check()
    expect(silences).toEqual([3_000])
  })

  test('changes nothing where it is not too late yet', async () => {
    const { platform, liveness, silences } = watched()
    liveness.start(1_000)
    platform.jump(2_000)
    liveness.check()
    await platform.advance(999)
    expect(silences).toEqual([])
    await platform.advance(1)
    expect(silences).toEqual([3_000])
  })
})

test('a clock that was put back hides no silence', async () => {
  const { platform, liveness, silences } = watched()
  liveness.start(1_000)
  platform.jump(-3_600_000)
  await platform.advance(6_000)
  expect(silences).toHaveLength(1)
})

test('a message sets no timer', () => {
  const { platform, liveness } = watched()
  liveness.start(1_000)
  const timers = platform.delays.length
  for (let i = 0; i < 100; i++) liveness.touch()
  expect(platform.delays).toHaveLength(timers)
})
