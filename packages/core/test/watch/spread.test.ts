import { describe, expect, test } from 'vitest'
import { ReconnectPolicy } from '../../src/watch/reconnect-policy'
import { broken } from '../fake-transport'

const WINDOW_MS = 100
/** The largest part of the clients that may come back within one window. */
const MOST = 0.15
const POLICY = { maxAttempts: 4, maxDelayMs: 30_000 }

/** A server's death, in milliseconds since the first one, and for how long it is gone. */
interface Outage {
  readonly at: number
  readonly ms: number
}

/** Numbers from 0 (included) to 1 (excluded), the same ones for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const error = broken()

/** When each of so many clients came back, by outage. */
function comeBacks(clients: number, outages: readonly Outage[], random: () => number): number[][] {
  const waves: number[][] = outages.map(() => [])
  for (let client = 0; client < clients; client++) {
    const policy = new ReconnectPolicy(POLICY)
    policy.opened(Number.NEGATIVE_INFINITY)
    let now = 0
    for (let next = 0; next < outages.length; ) {
      // The connection is lost, however young it is.
      now = (outages[next] as Outage).at
      policy.left(now)
      for (;;) {
        now = policy.judge(error, now, random()).setback.retryAt
        const last = outages.filter(({ at }) => at <= now).length - 1
        const { at, ms } = outages[last] as Outage
        if (now < at + ms) continue
        ;(waves[last] as number[]).push(now)
        policy.opened(now)
        next = last + 1
        break
      }
    }
  }
  return waves
}

/** The largest part of the clients that came back within one window, of any wave. */
function densest(clients: number, waves: readonly number[][]): number {
  let most = 0
  for (const wave of waves) {
    wave.sort((a, b) => a - b)
    let first = 0
    for (const [last, time] of wave.entries()) {
      while (time - (wave[first] as number) >= WINDOW_MS) first++
      most = Math.max(most, last - first + 1)
    }
  }
  return most / clients
}

/** Deaths at random times: after so many milliseconds at most, each for so many at most. */
function deaths(count: number, apartMs: number, goneMs: number, random: () => number): Outage[] {
  const outages: Outage[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    const ms = random() * goneMs
    outages.push({ at, ms })
    at += ms + random() * apartMs
  }
  return outages
}

/** Single restarts, and restarts of a server that came back only just now: what clients wait for at once is the most. */
const RESTARTS: Array<[name: string, deaths: number, apartMs: number, goneMs: number]> = [
  ['restarts once', 1, 0, 3_000],
  ['restarts again when all are back', 2, 9_000, 3_000],
  ['restarts again and again', 8, 1_500, 300],
]

describe('ReconnectPolicy: at most 15 % of the clients of a server come back within 100 ms', () => {
  test.each([
    ...RESTARTS,
    ['restarts while they come back', 3, 2_000, 3_000],
    ['is gone for up to half a minute', 1, 0, 30_000],
    ['is gone for any time, six times', 6, 12_000, 12_000],
  ] satisfies typeof RESTARTS)('two thousand of one that %s', (_, ...outages) => {
    expect(mostOf(2_000, 4, ...outages)).toBeLessThanOrEqual(MOST)
  })

  test.each(RESTARTS)('four hundred of one that %s', (_, ...outages) => {
    expect(mostOf(400, 20, ...outages)).toBeLessThanOrEqual(MOST)
  })
})

/** What a server does until a time, in milliseconds: it is gone, or takes connections and does not answer. */
interface Phase {
  readonly does: 'refuse' | 'hold'
  readonly until: number
}

/** When each of so many clients first tried again after each end of a phase in which the server held connections. */
function attemptsAfterDeaths(clients: number, phases: readonly Phase[], attemptMs: number, random: () => number) {
  const deaths = phases.filter(({ does }) => does === 'hold').map(({ until }) => until)
  const waves: number[][] = deaths.map(() => [])
  const end = (deaths.at(-1) ?? 0) + 3_000
  for (let client = 0; client < clients; client++) {
    const policy = new ReconnectPolicy(POLICY)
    policy.opened(Number.NEGATIVE_INFINITY)
    policy.failed(error, 0)
    let wave = -1
    for (let now = policy.judge(error, 0, random()).setback.retryAt; now < end; ) {
      const past = deaths.filter((at) => at < now).length - 1
      if (past > wave) waves[past]?.push(now)
      wave = past
      const { does, until } = phases.find((phase) => phase.until >= now) ?? { does: 'refuse', until: end }
      policy.attempted(now)
      now = does === 'hold' ? until : now + attemptMs
      policy.failed(error, now)
      now = policy.judge(error, now, random()).setback.retryAt
    }
  }
  return waves
}

describe('ReconnectPolicy: at most 15 % of the clients try again within 100 ms when what took them all dies', () => {
  test.each([
    ['long after all were taken', 4_000, 5_000, 1],
    ['before all were taken', 4_000, 400, 1],
    ['at once', 6_000, 100, 1],
    ['early in an outage', 500, 1_000, 1],
    ['again and again', 3_000, 1_500, 8],
    ['again and again, soon', 1_500, 300, 8],
    ['after a minute', 60_000, 8_000, 3],
  ])('%s', (_, goneMs, holdMs, times) => {
    const found = Array.from({ length: 10 }, (_, seed) => {
      const random = randomOf(seed + 1)
      const phases: Phase[] = []
      for (let time = 0; phases.length < 2 * times; ) {
        time += goneMs * (0.5 + random())
        phases.push({ does: 'refuse', until: time })
        time += holdMs * (0.5 + random())
        phases.push({ does: 'hold', until: time })
      }
      return densest(2_000, attemptsAfterDeaths(2_000, phases, 2, random))
    })
    expect(Math.max(...found)).toBeLessThanOrEqual(MOST)
  })
})

/** The densest window of so many random sequences of deaths. */
function mostOf(clients: number, sequences: number, count: number, apartMs: number, goneMs: number): number {
  const found = Array.from({ length: sequences }, (_, seed) => {
    const random = randomOf(seed + 1)
    return densest(clients, comeBacks(clients, deaths(count, apartMs, goneMs, random), random))
  })
  return Math.max(...found)
}
