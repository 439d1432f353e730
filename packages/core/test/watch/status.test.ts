import { expect, test } from 'vitest'
import { type Condition, StatusTracker } from '../../src/watch/status'
import { broken } from '../fake-transport'

/** Conditions that are told apart, each in words of its own. */
const DIFFERENT: Condition[] = [
  { state: 'idle' },
  { state: 'connecting' },
  { state: 'live', since: 1 },
  { state: 'interrupted', error: broken(), retryAt: 1 },
  { state: 'interrupted', error: broken(), retryAt: 2 },
  { state: 'interrupted', error: Object.assign(broken(), { message: 'another' }), retryAt: 1 },
  { state: 'unauthorized', error: broken(), retryAt: 1 },
  { state: 'paused', reasons: ['hidden'] },
  { state: 'paused', reasons: ['hidden', 'frozen'] },
  { state: 'closed' },
  { state: 'closed', error: broken() },
]

/** Whether somebody who was told of the one is not told of the other. */
function isSameCondition(one: Condition, other: Condition): boolean {
  let isTold = false
  const onStatus = () => {
    isTold = true
  }
  new StatusTracker(() => other, { lastFrameAt: 0 }, onStatus, one).update()
  return !isTold
}

test('conditions are the same where nobody needs to be told of the other', () => {
  for (const [i, one] of DIFFERENT.entries()) {
    for (const [j, other] of DIFFERENT.entries()) expect(isSameCondition(one, other), `${i}, ${j}`).toBe(i === j)
  }
})

test('since when it is live makes no other condition, nor does another error that says the same', () => {
  expect(isSameCondition({ state: 'live', since: 1 }, { state: 'live', since: 2 })).toBe(true)
  const failed = (): Condition => ({ state: 'interrupted', error: broken(), retryAt: 1 })
  expect(isSameCondition(failed(), failed())).toBe(true)
})
