import { expect, test } from 'vitest'
import { Turns } from '../../src/turns'
import { PageLane } from '../../src/watch/page-lane'
import { settle } from '../support/recording-sink'

const setUp = () => {
  const sink = { ready: true }
  return { sink, lane: new PageLane(new Turns(), sink), done: [] as string[] }
}

test('a reader that wants another page waits behind the others', async () => {
  const { lane, done } = setUp()
  const read = async (name: string) => {
    for (let page = 0; page < 3; page++) await lane.run({}, async () => void done.push(name + page))
  }
  await Promise.all(['a', 'b'].map(read))
  expect(done).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2'])
})

test('a page that fails lets the next one be read', async () => {
  const { lane, done } = setUp()
  const failing = lane.run({}, () => Promise.reject(new Error('no disk')))
  const next = lane.run({}, async () => void done.push('next'))
  await expect(failing).rejects.toThrow('no disk')
  await next
  expect(done).toEqual(['next'])
})

test('no page is read while the one before is on its way, nor while the sink takes nothing', async () => {
  const { lane, done, sink } = setUp()
  let finish = () => {}
  const first = lane.run({}, () => {
    done.push('first')
    return new Promise<void>((resolve) => {
      finish = resolve
    })
  })
  const second = lane.run({}, async () => void done.push('second'))
  await settle()
  expect(done).toEqual(['first'])
  sink.ready = false
  finish()
  await first
  await settle()
  expect(done).toEqual(['first'])
  sink.ready = true
  lane.proceed()
  await second
  expect(done).toEqual(['first', 'second'])
})

test('a reader that leaves is not served, and those behind it are', async () => {
  const { lane, done } = setUp()
  const leaver = {}
  const left = lane.run(leaver, async () => 'read')
  const next = lane.run({}, async () => void done.push('next'))
  lane.leave(leaver)
  expect(await left).toBeUndefined()
  await next
  expect(done).toEqual(['next'])
})

test('a reader that comes after all have left is served', async () => {
  const { lane } = setUp()
  const leaver = {}
  const left = lane.run(leaver, async () => 'read')
  lane.leave(leaver)
  await left
  await settle()
  expect(await lane.run({}, async () => 'read')).toBe('read')
})
