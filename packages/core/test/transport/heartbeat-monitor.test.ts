import { describe, expect, test } from 'vitest'
import { HeartbeatMonitor } from '../../src/transport/heartbeat-monitor'
import { FakePlatform } from '../fake-platform'

function watched() {
  const platform = new FakePlatform()
  const silences: number[] = []
  const monitor = new HeartbeatMonitor(platform, () => silences.push(platform.elapsed))
  return { platform, monitor, silences }
}

describe('silence', () => {
  test('is a fault after three heartbeats, and is told once', async () => {
    const { platform, monitor, silences } = watched()
    monitor.start(1_000)
    await platform.advance(2_999)
    expect(silences).toEqual([])
    await platform.advance(60_000)
    expect(silences).toEqual([3_000])
    expect(platform.timers.size).toBe(0)
  })

  test('is counted from the last message', async () => {
    const { platform, monitor, silences } = watched()
    monitor.start(1_000)
    await platform.advance(2_500)
    monitor.touch()
    await platform.advance(2_999)
    expect(silences).toEqual([])
    await platform.advance(1)
    expect(silences).toEqual([5_500])
  })

  test('is measured anew when the server says how often its heart beats', async () => {
    const { platform, monitor, silences } = watched()
    monitor.start(15_000)
    monitor.start(100)
    await platform.advance(300)
    expect(silences).toEqual([300])
  })

  test('is nobody’s business after the connection is gone', async () => {
    const { platform, monitor, silences } = watched()
    monitor.start(1_000)
    monitor.stop()
    monitor.check()
    await platform.advance(60_000)
    expect(silences).toEqual([])
    expect(platform.timers.size).toBe(0)
  })
})

describe('a look at it', () => {
  test('finds at once that the clock has gone on while the timers stood still', () => {
    const { platform, monitor, silences } = watched()
    monitor.start(1_000)
    platform.jump(3_000)
    monitor.check()
    expect(silences).toEqual([3_000])
  })

  test('changes nothing where it is not too late yet', async () => {
    const { platform, monitor, silences } = watched()
    monitor.start(1_000)
    platform.jump(2_000)
    monitor.check()
    await platform.advance(999)
    expect(silences).toEqual([])
    await platform.advance(1)
    expect(silences).toEqual([3_000])
  })
})

test('a clock that was put back hides no silence', async () => {
  const { platform, monitor, silences } = watched()
  monitor.start(1_000)
  platform.jump(-3_600_000)
  await platform.advance(6_000)
  expect(silences).toHaveLength(1)
})

test('a message sets no timer', () => {
  const { platform, monitor } = watched()
  monitor.start(1_000)
  const timers = platform.delays.length
  for (let i = 0; i < 100; i++) monitor.touch()
  expect(platform.delays).toHaveLength(timers)
})
