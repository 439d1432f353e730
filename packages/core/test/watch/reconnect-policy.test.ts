import { describe, expect, test } from 'vitest'
import type { IronflowError } from '../../src/errors/ironflow-error'
import { errorFor } from '../../src/errors/kinds'
import { ReconnectPolicy } from '../../src/watch/reconnect-policy'
import { broken } from '../fake-transport'

const POLICY = { maxAttempts: 4, maxDelayMs: 30_000 }
const ALMOST_1 = 1 - Number.EPSILON
const refused = errorFor('unauthorized', 'not with this key')

/** The verdicts on so many failures in a row, the clock standing still. */
function fail(policy: ReconnectPolicy, times: number, random = ALMOST_1) {
  return Array.from({ length: times }, () => policy.judge(broken(), 0, random))
}

/** A connection that was open for so many milliseconds. */
function worked(policy: ReconnectPolicy, ms: number): void {
  policy.opened(0)
  policy.left(ms)
}

/** How long to wait after a failure. */
function waitOf(policy: ReconnectPolicy, error: IronflowError, now: number, random: number) {
  return policy.judge(error, now, random).setback.retryAt - now
}

/** The waits when failures come at these times, in seconds. */
function waits(policy: ReconnectPolicy, seconds: readonly number[], random = ALMOST_1) {
  return seconds.map((second) => waitOf(policy, broken(), second * 1_000, random))
}

describe('a failure', () => {
  const at = [0, 1, 3, 5, 10, 11, 12, 60, 299, 300, 301, 86_400]
  const bounds = [2_000, 2_000, 2_000, 1_400, 1_400, 1_400, 1_400, 6_000, 29_900, 30_000, 30_000, 30_000]

  test('is waited for up to two seconds three times, then up to 1.4, then a tenth of the outage, up to the cap', () => {
    expect(waits(new ReconnectPolicy(POLICY), at)).toEqual(bounds)
  })

  test('may be followed at once by another attempt; only then does the next one keep its distance', () => {
    const [, ...later] = bounds
    expect(waits(new ReconnectPolicy(POLICY), at, 0)).toEqual([
      0,
      ...later.map((ms, index) => ms * (index < 2 ? 0.8 : 0.5)),
    ])
  })

  test('is not waited for longer than the cap that the user gave', () => {
    expect(waits(new ReconnectPolicy({ ...POLICY, maxDelayMs: 1_500 }), [0, 1, 3, 12, 16])).toEqual([
      1_500, 1_500, 1_500, 1_400, 1_500,
    ])
    expect(waits(new ReconnectPolicy({ ...POLICY, maxDelayMs: 400 }), [0, 1, 100])).toEqual([400, 400, 400])
  })

  test('after the clock was put back is one of an outage that begins now', () => {
    expect(waits(new ReconnectPolicy(POLICY), [5_000, 100, 100, 120])).toEqual([2_000, 2_000, 2_000, 2_000])
    expect(waits(new ReconnectPolicy(POLICY), [5_000, 100, 100, 100])).toEqual([2_000, 2_000, 2_000, 1_400])
  })

  test('is told once, when as many attempts have failed as a call would make', () => {
    const told = fail(new ReconnectPolicy(POLICY), 10).map(({ isReported }) => isReported)
    expect(told).toEqual([false, false, false, true, false, false, false, false, false, false])
  })

  test('counts until a connection has lasted ten seconds', () => {
    const policy = new ReconnectPolicy(POLICY)
    fail(policy, 3)
    const failAt = (second: number) => policy.judge(broken(), second * 1_000, ALMOST_1)
    worked(policy, 9_999)
    expect(failAt(30)).toMatchObject({ setback: { state: 'interrupted', retryAt: 33_000 }, isReported: true })
    worked(policy, 10_000)
    expect(failAt(60)).toMatchObject({ setback: { state: 'interrupted', retryAt: 62_000 }, isReported: false })
  })
})

describe('the loss of a connection', () => {
  test('is waited for with nothing but jitter, also when the connection was young', () => {
    const policy = new ReconnectPolicy(POLICY)
    const waitMs = (random: number) => {
      worked(policy, 1)
      return waitOf(policy, broken(), 0, random)
    }
    expect([waitMs(0), waitMs(0.5), waitMs(0), waitMs(ALMOST_1)]).toEqual([0, 1_000, 0, 2_000])
  })

  test('is one more failure of the outage that it did not end: connections that die young are waited for longer', () => {
    const policy = new ReconnectPolicy(POLICY)
    const bounds = [0, 10, 19, 30, 60, 301].map((second) => {
      worked(policy, 9_999)
      return waitOf(policy, broken(), second * 1_000, ALMOST_1)
    })
    expect(bounds).toEqual([2_000, 2_000, 2_000, 3_000, 6_000, 30_000])
  })

  test('begins another outage where the connection was healthy', () => {
    const policy = new ReconnectPolicy(POLICY)
    waits(policy, [0, 60])
    worked(policy, 10_000)
    expect(waits(policy, [100, 101, 102, 103])).toEqual([2_000, 2_000, 2_000, 1_400])
  })
})

describe('an attempt that was taken and then dropped, as those of other clients may be in the same moment', () => {
  /** The wait after one more attempt, late in a row of failures, which lasted so long. */
  const waitAfter = (attemptMs: number, random: number, isSilent = false) => {
    const policy = new ReconnectPolicy(POLICY)
    waits(policy, [0, 1, 2, 3])
    policy.attempted(4_000)
    policy.failed(broken(), 4_000 + attemptMs, isSilent)
    return waitOf(policy, broken(), 4_000 + attemptMs, random)
  }

  test('is waited for with nothing but jitter, up to two seconds', () => {
    expect([0, 0.5, ALMOST_1].map((random) => waitAfter(50, random))).toEqual([0, 1_000, 2_000])
  })

  test('is not one that was refused at once, or that this client gave up', () => {
    expect([0, ALMOST_1].map((random) => waitAfter(49, random))).toEqual([700, 1_400])
    expect([0, ALMOST_1].map((random) => waitAfter(5_000, random, true))).toEqual([700, 1_400])
  })
})

describe('a refusal', () => {
  test.each(['unauthenticated', 'unauthorized'] as const)('%s is tried again in five minutes, more or less', (code) => {
    const waitMs = (random: number) => waitOf(new ReconnectPolicy(POLICY), errorFor(code, 'no'), 0, random)
    expect([waitMs(0), waitMs(0.5), waitMs(ALMOST_1)]).toEqual([270_000, 300_000, 330_000])
  })

  test('is told at once, and then not again until the key was accepted', () => {
    const policy = new ReconnectPolicy(POLICY)
    const isReported = () => policy.judge(refused, 0, 0.5).isReported
    expect([isReported(), isReported(), isReported()]).toEqual([true, false, false])
    policy.opened(0)
    expect([isReported(), isReported()]).toEqual([true, false])
  })

  test('says nothing about an outage: that is told all the same', () => {
    const policy = new ReconnectPolicy(POLICY)
    policy.judge(refused, 0, 0.5)
    expect(fail(policy, 4).map(({ isReported }) => isReported)).toEqual([false, false, false, true])
  })
})

describe('how many attempts were made', () => {
  test('is one at first, also where nothing has failed', () => {
    expect(new ReconnectPolicy(POLICY).attempts).toBe(1)
  })

  test('is as many as have failed', () => {
    const policy = new ReconnectPolicy(POLICY)
    fail(policy, 1)
    expect(policy.attempts).toBe(1)
    fail(policy, 2)
    expect(policy.attempts).toBe(3)
    policy.judge(refused, 0, 0.5)
    expect(policy.attempts).toBe(4)
  })

  test('begins anew after a healthy connection', () => {
    const policy = new ReconnectPolicy(POLICY)
    fail(policy, 5)
    worked(policy, 10_000)
    fail(policy, 1)
    expect(policy.attempts).toBe(1)
  })
})

describe("a server's wish to be left alone", () => {
  const wish = (retryAfterMs: number) => errorFor('unavailable', 'later', { retryAfterMs })

  test('is added to the wait for that server, and not to the wait for the next one', () => {
    const policy = new ReconnectPolicy(POLICY)
    expect(policy.judge(wish(30_000), 0, ALMOST_1, 'one', 'two').setback.retryAt).toBe(2_000)
    expect([policy.floorMs('one', 1_000), policy.floorMs('two', 1_000)]).toEqual([29_000, 0])
    expect(new ReconnectPolicy(POLICY).judge(wish(30_000), 0, ALMOST_1, 'one').setback.retryAt).toBe(32_000)
  })

  test('is heard for a minute at most', () => {
    const policy = new ReconnectPolicy(POLICY)
    policy.judge(wish(3_600_000), 0, ALMOST_1, 'one')
    expect(policy.floorMs('one', 0)).toBe(60_000)
  })

  test('is over when it was waited for, also where the clock was put back meanwhile', () => {
    const policy = new ReconnectPolicy(POLICY)
    policy.judge(wish(30_000), 60_000, ALMOST_1, 'one')
    policy.judge(wish(20_000), 60_000, ALMOST_1, 'two')
    policy.waited('one')
    expect([policy.floorMs('one', 30_000), policy.floorMs('two', 60_000)]).toEqual([0, 20_000])
  })

  test('is forgotten when there is proof that the server can be reached: the wait is its own again', () => {
    const policy = new ReconnectPolicy(POLICY)
    policy.judge(wish(30_000), 0, ALMOST_1, 'one')
    policy.lift()
    expect([policy.waitMs(500), policy.floorMs('one', 500)]).toEqual([1_500, 0])
  })
})

test('a key is asked for again once, until a connection opens', () => {
  const policy = new ReconnectPolicy(POLICY)
  expect([policy.renewsKey(), policy.renewsKey()]).toEqual([true, false])
  policy.opened(0)
  expect(policy.renewsKey()).toBe(true)
})
