import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs } from '../../src/pipeline/backoff'

test.each([
  [1, 1, 100],
  [2, 1, 200],
  [3, 1, 400],
  [9, 1, 25_600],
  [10, 1, 30_000],
  [2000, 1, 30_000],
  [1, 0, 0],
  [3, 0.5, 200],
])('repetition %i with random %d waits %i ms', (repetition, random, ms) => {
  expect(backoffMs(repetition, { baseMs: 100, capMs: 30_000 }, random)).toBe(ms)
})

test('is never below zero, never above the cap, and never no number', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 60_000 }),
      fc.nat(60_000),
      random,
      (n, baseMs, capMs, chance) => {
        const ms = backoffMs(n, { baseMs, capMs }, chance)
        expect(Number.isInteger(ms) && ms >= 0 && ms <= capMs).toBe(true)
      },
    ),
  )
})
