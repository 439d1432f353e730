import { expect, test } from 'vitest'
import { PollRoom } from '../../src/bindings/poll-room'

const setUp = () => {
  const room = new PollRoom({ pollAnswerBytes: 40, pollBytes: 100 })
  const admitted: string[] = []
  return { admitted, enter: (name: string) => room.enter(() => admitted.push(name)) }
}

test('there are as many places as the largest answers fit in, and the others wait in their order', () => {
  const { admitted, enter } = setUp()
  const [a] = ['a', 'b', 'c', 'd'].map(enter)
  expect(admitted).toEqual(['a', 'b'])
  a?.leave()
  a?.leave()
  expect(admitted).toEqual(['a', 'b', 'c'])
})

test('what an answer does not need is there for others', () => {
  const { admitted, enter } = setUp()
  const [a, b, c] = ['a', 'b', 'c', 'd'].map(enter)
  a?.shrink(30)
  expect(admitted).toEqual(['a', 'b'])
  b?.shrink(30)
  expect(admitted).toEqual(['a', 'b', 'c'])
  c?.leave()
  expect(admitted).toEqual(['a', 'b', 'c', 'd'])
})

test('one that leaves while it waits is not admitted, and keeps no room', () => {
  const { admitted, enter } = setUp()
  const [a, b, c] = ['a', 'b', 'c', 'd'].map(enter)
  c?.leave()
  a?.leave()
  b?.leave()
  expect(admitted).toEqual(['a', 'b', 'd'])
  for (const name of ['e', 'f']) enter(name)
  expect(admitted).toEqual(['a', 'b', 'd', 'e'])
})

test('with less room than for one answer there is a place for one all the same', () => {
  const room = new PollRoom({ pollAnswerBytes: 40, pollBytes: 10 })
  expect(room.enter(() => {}).isAdmitted).toBe(true)
  expect(room.enter(() => {}).isAdmitted).toBe(false)
})
