import { describe, expect, test } from 'vitest'
import { errorFor } from '../../src/errors/kinds'
import { Setbacks } from '../../src/watch/setbacks'
import { broken } from '../fake-transport'

const POLICY = { maxAttempts: 4, maxDelayMs: 30_000 }
const ALMOST_1 = 1 - Number.EPSILON
const refused = errorFor('unauthorized', 'not with this key')

/** The verdicts on so many failures in a row. */
function fail(setbacks: Setbacks, times: number, random = ALMOST_1) {
  return Array.from({ length: times }, () => setbacks.judge(broken(), random))
}

describe('a failure', () => {
  test('is waited for up to a second at first, and then up to twice as long each time, up to the cap', () => {
    const waits = fail(new Setbacks(POLICY), 8).map(({ waitMs }) => waitMs)
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('is not waited for longer than the cap that the user gave', () => {
    const waits = fail(new Setbacks({ ...POLICY, maxDelayMs: 1_500 }), 4).map(({ waitMs }) => waitMs)
    expect(waits).toEqual([1_000, 1_500, 1_500, 1_500])
  })

  test('may be followed at once by another attempt: the whole wait is jitter', () => {
    expect(fail(new Setbacks(POLICY), 3, 0).map(({ waitMs }) => waitMs)).toEqual([0, 0, 0])
  })

  test('adds its jitter to how long the server wants to be left alone', () => {
    const busy = errorFor('rate_limited', 'too much', { retryAfterMs: 7_000 })
    expect(new Setbacks(POLICY).judge(busy, 0).waitMs).toBe(7_000)
    expect(new Setbacks(POLICY).judge(busy, ALMOST_1).waitMs).toBe(8_000)
  })

  test('is told once, when as many attempts have failed as a call would make', () => {
    const told = fail(new Setbacks(POLICY), 10).map(({ isTold }) => isTold)
    expect(told).toEqual([false, false, false, true, false, false, false, false, false, false])
  })

  test('counts until a connection has lasted ten seconds', () => {
    const setbacks = new Setbacks(POLICY)
    fail(setbacks, 3)
    setbacks.worked(9_999)
    expect(fail(setbacks, 1)).toEqual([{ isRefusal: false, waitMs: 8_000, isTold: true }])
    setbacks.worked(10_000)
    expect(fail(setbacks, 1)).toEqual([{ isRefusal: false, waitMs: 1_000, isTold: false }])
  })
})

describe('a refusal', () => {
  test.each(['unauthenticated', 'unauthorized'] as const)('%s is tried again in five minutes, more or less', (code) => {
    const waitMs = (random: number) => new Setbacks(POLICY).judge(errorFor(code, 'no'), random).waitMs
    expect([waitMs(0), waitMs(0.5), waitMs(ALMOST_1)]).toEqual([270_000, 300_000, 330_000])
  })

  test('is told at once, and then not again until the key was accepted', () => {
    const setbacks = new Setbacks(POLICY)
    const isTold = () => setbacks.judge(refused, 0.5).isTold
    expect([isTold(), isTold(), isTold()]).toEqual([true, false, false])
    setbacks.accepted()
    expect([isTold(), isTold()]).toEqual([true, false])
  })

  test('says nothing about an outage: that is told all the same', () => {
    const setbacks = new Setbacks(POLICY)
    setbacks.judge(refused, 0.5)
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
    setbacks.judge(refused, 0.5)
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
