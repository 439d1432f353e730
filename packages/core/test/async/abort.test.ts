import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { onAbort, untilAborted } from '../../src/async/abort'
import { settle } from '../fake-platform'
import { failure } from '../fake-transport'

describe('onAbort', () => {
  test('calls every listener once, in order, and leaves the signal one listener of its own', () => {
    const controller = new AbortController()
    const called: number[] = []
    for (let n = 0; n < 20; n++) onAbort(controller.signal, () => called.push(n))
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    controller.abort()
    expect(called).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })

  test('calls a listener at once where the signal has aborted', () => {
    let isCalled = false
    onAbort(AbortSignal.abort(), () => {
      isCalled = true
    })
    expect(isCalled).toBe(true)
  })

  test('leaves the signal nothing when the last listener is taken back, and listens anew after that', () => {
    const controller = new AbortController()
    const called: string[] = []
    const release = onAbort(controller.signal, () => called.push('first'))
    release()
    release()
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    onAbort(controller.signal, () => called.push('second'))
    controller.abort()
    expect(called).toEqual(['second'])
  })
})

describe('untilAborted', () => {
  test('brings what the promise brings, and leaves the signal nothing', async () => {
    const { signal } = new AbortController()
    expect(await untilAborted(Promise.resolve(7), signal)).toBe(7)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('rejects with the reason of the signal, and makes no unhandled rejection of what comes later', async () => {
    const controller = new AbortController()
    let fail: (error: Error) => void = () => undefined
    const late = new Promise<never>((_, reject) => {
      fail = reject
    })
    const waiting = failure<Error>(untilAborted(late, controller.signal))
    controller.abort(new Error('enough'))
    fail(new Error('late'))
    await settle()
    expect((await waiting).message).toBe('enough')
  })
})
