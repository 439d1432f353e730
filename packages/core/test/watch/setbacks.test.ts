import { describe, expect, test } from 'vitest'
import type { IronflowError } from '../../src/errors/ironflow-error'
import { errorFor } from '../../src/errors/kinds'
import { Setbacks } from '../../src/watch/setbacks'
import { broken } from '../fake-transport'

const POLICY = { maxAttempts: 4, maxDelayMs: 30_000 }
const ALMOST_1 = 1 - Number.EPSILON
const refused = errorFor('unauthorized', 'not with this key')

/** The verdicts on so many failures in a row, the clock standing still. */
function fail(setbacks: Setbacks, times: number, random = ALMOST_1) {
  return Array.from({ length: times }, () => setbacks.judge(broken(), 0, random))
}

/** How long to wait after a failure. */
function waitOf(setbacks: Setbacks, error: IronflowError, now: number, random: number) {
  return setbacks.judge(error, now, random).setback.retryAt - now
}

/** The waits when failures come at these times, in seconds. */
function waits(setbacks: Setbacks, seconds: readonly number[], random = ALMOST_1) {
  return seconds.map((second) => waitOf(setbacks, broken(), second * 1_000, random))
}

describe('a failure', () => {
  const at = [0, 1, 3, 5, 10, 11, 12, 60, 299, 300, 301, 86_400]
  const bounds = [2_000, 2_000, 2_000, 1_100, 1_100, 1_100, 1_200, 6_000, 29_900, 30_000, 30_000, 30_000]

  test('is waited for up to two seconds three times, then about one, then a tenth of the outage, up to the cap', () => {
    expect(waits(new Setbacks(POLICY), at)).toEqual(bounds)
  })

  test('may be followed at once by another attempt; only then does the next one keep its distance', () => {
    const [, ...later] = bounds
    expect(waits(new Setbacks(POLICY), at, 0)).toEqual([0, ...later.map((ms) => ms * 0.8)])
  })

  test('is not waited for longer than the cap that the user gave', () => {
    expect(waits(new Setbacks({ ...POLICY, maxDelayMs: 1_500 }), [0, 1, 3, 12, 16])).toEqual([
      1_500, 1_500, 1_500, 1_200, 1_500,
    ])
    expect(waits(new Setbacks({ ...POLICY, maxDelayMs: 400 }), [0, 1, 100])).toEqual([400, 400, 400])
  })

  test('after the clock was put back is one of an outage that begins now', () => {
    expect(waits(new Setbacks(POLICY), [5_000, 100, 100, 120])).toEqual([2_000, 2_000, 2_000, 2_000])
    expect(waits(new Setbacks(POLICY), [5_000, 100, 100, 100])).toEqual([2_000, 2_000, 2_000, 1_100])
  })

  test('is told once, when as many attempts have failed as a call would make', () => {
    const told = fail(new Setbacks(POLICY), 10).map(({ isTold }) => isTold)
    expect(told).toEqual([false, false, false, true, false, false, false, false, false, false])
  })

  test('counts until a connection has lasted ten seconds', () => {
    const setbacks = new Setbacks(POLICY)
    fail(setbacks, 3)
    const failAt = (second: number) => setbacks.judge(broken(), second * 1_000, ALMOST_1)
    setbacks.worked(9_999)
    expect(failAt(30)).toMatchObject({ setback: { state: 'interrupted', retryAt: 33_000 }, isTold: true })
    setbacks.worked(10_000)
    expect(failAt(60)).toMatchObject({ setback: { state: 'interrupted', retryAt: 62_000 }, isTold: false })
  })
})

describe('the loss of a connection', () => {
  test('is waited for with nothing but jitter, also when the connection was young', () => {
    const setbacks = new Setbacks(POLICY)
    const waitMs = (random: number) => {
      setbacks.worked(1)
      return waitOf(setbacks, broken(), 0, random)
    }
    expect([waitMs(0), waitMs(0.5), waitMs(0), waitMs(ALMOST_1)]).toEqual([0, 1_000, 0, 2_000])
  })

  test('is one more failure of the outage that it did not end: connections that die young are waited for longer', () => {
    const setbacks = new Setbacks(POLICY)
    const bounds = [0, 10, 19, 30, 60, 301].map((second) => {
      setbacks.worked(9_999)
      return waitOf(setbacks, broken(), second * 1_000, ALMOST_1)
    })
    expect(bounds).toEqual([2_000, 2_000, 2_000, 3_000, 6_000, 30_000])
  })

  test('begins another outage where the connection was healthy', () => {
    const setbacks = new Setbacks(POLICY)
    waits(setbacks, [0, 60])
    setbacks.worked(10_000)
    expect(waits(setbacks, [100, 101, 102, 103])).toEqual([2_000, 2_000, 2_000, 1_100])
  })
})

describe('a refusal', () => {
  test.each(['unauthenticated', 'unauthorized'] as const)('%s is tried again in five minutes, more or less', (code) => {
    const waitMs = (random: number) => waitOf(new Setbacks(POLICY), errorFor(code, 'no'), 0, random)
    expect([waitMs(0), waitMs(0.5), waitMs(ALMOST_1)]).toEqual([270_000, 300_000, 330_000])
  })

  test('is told at once, and then not again until the key was accepted', () => {
    const setbacks = new Setbacks(POLICY)
    const isTold = () => setbacks.judge(refused, 0, 0.5).isTold
    expect([isTold(), isTold(), isTold()]).toEqual([true, false, false])
    setbacks.accepted()
    expect([isTold(), isTold()]).toEqual([true, false])
  })

  test('says nothing about an outage: that is told all the same', () => {
    const setbacks = new Setbacks(POLICY)
    setbacks.judge(refused, 0, 0.5)
    expect(fail(setbacks, 4).map(({ isTold }) => isTold)).toEqual([false, false, false, true])
  })
})

describe('how many attempts were made', () => {
  test('is one at first, also where nothing has failed', () => {
    expect(new Setbacks(POLICY).attempts).toBe(1)
  })

  test('is as many as have failed', () => {
    const setbacks = new Setbacks(POLICY)
    fail(setbacks, 1)
    expect(setbacks.attempts).toBe(1)
    fail(setbacks, 2)
    expect(setbacks.attempts).toBe(3)
    setbacks.judge(refused, 0, 0.5)
    expect(setbacks.attempts).toBe(4)
  })

  test('begins anew after a healthy connection', () => {
    const setbacks = new Setbacks(POLICY)
    fail(setbacks, 5)
    setbacks.worked(10_000)
    fail(setbacks, 1)
    expect(setbacks.attempts).toBe(1)
  })
})
