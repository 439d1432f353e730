import { describe, expect, test } from 'vitest'
import type { LifecycleSignal } from '../../src/platform'
import { Lifecycle } from '../../src/watch/lifecycle'
import { FakePlatform } from '../fake-platform'

function followed() {
  const platform = new FakePlatform()
  const told: string[] = []
  const lifecycle = new Lifecycle(platform, (type) => told.push(type))
  lifecycle.follow()
  return { platform, lifecycle, told }
}

describe('reasons to pause', () => {
  test('are a set: there is a pause until the last one is gone', () => {
    const { platform, lifecycle } = followed()
    platform.signal({ type: 'pause', reason: 'hidden' })
    platform.signal({ type: 'pause', reason: 'offline' })
    platform.signal({ type: 'pause', reason: 'hidden' })
    expect(lifecycle.reasons).toEqual(['hidden', 'offline'])
    platform.signal({ type: 'resume', reason: 'hidden' })
    expect([lifecycle.isPaused, lifecycle.reasons]).toEqual([true, ['offline']])
    platform.signal({ type: 'resume', reason: 'offline' })
    expect([lifecycle.isPaused, lifecycle.reasons]).toEqual([false, []])
  })

  test('are told each time', () => {
    const { platform, told } = followed()
    platform.signal({ type: 'pause', reason: 'hidden' })
    platform.signal({ type: 'resume', reason: 'hidden' })
    expect(told).toEqual(['pause', 'resume'])
  })

  test('are forgotten by who listens no more, and known at once by who begins', () => {
    const told: LifecycleSignal = { type: 'pause', reason: 'hidden' }
    const lifecycle = new Lifecycle(
      {
        lifecycle(listener) {
          listener(told)
          return () => undefined
        },
      },
      () => undefined,
    )
    lifecycle.follow()
    expect(lifecycle.isPaused).toBe(true)
    lifecycle.leave()
    expect(lifecycle.isPaused).toBe(false)
    lifecycle.follow()
    expect(lifecycle.reasons).toEqual(['hidden'])
  })
})

test('waking up and another network are told apart', () => {
  const { platform, told } = followed()
  platform.signal({ type: 'wake' })
  platform.signal({ type: 'network' })
  expect(told).toEqual(['wake', 'network'])
})

test('it listens once, and not at all after it has left', () => {
  const { platform, lifecycle, told } = followed()
  lifecycle.follow()
  expect(platform.lifecycleListeners.size).toBe(1)
  lifecycle.leave()
  lifecycle.leave()
  expect(platform.lifecycleListeners.size).toBe(0)
  platform.signal({ type: 'wake' })
  expect(told).toEqual([])
})
