import { expect, test } from 'vitest'
import { TurnShare } from '../src/turn-share'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test('time is used up by all pieces together, and there is more in the next turn of the event loop', async () => {
  let now = 0
  const share = new TurnShare(5, () => now)
  const work = (ms: number) => () => {
    now += ms
    return ms
  }
  expect(share.spend(work(2))).toBe(2)
  expect(share.isUsedUp).toBe(false)
  share.spend(work(3))
  expect(share.isUsedUp).toBe(true)
  await nextTurn()
  expect(share.isUsedUp).toBe(false)
})

test('the time of work that fails counts', () => {
  let now = 0
  const share = new TurnShare(5, () => now)
  const fail = () => {
    now += 5
    throw new Error('wrong')
  }
  expect(() => share.spend(fail)).toThrow('wrong')
  expect(share.isUsedUp).toBe(true)
})

test('owners have their turns in rotation, one in each turn of the event loop', async () => {
  const share = new TurnShare(5)
  const order: string[] = []
  const [a, b] = [{}, {}]
  const waiting = [
    share.turn(a).then(() => order.push('a')),
    share.turn(a).then(() => order.push('a')),
    share.turn(b).then(() => order.push('b')),
  ]
  await Promise.all(waiting)
  expect(order).toEqual(['a', 'b', 'a'])
})
