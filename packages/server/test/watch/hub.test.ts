import { beforeEach, expect, test, vi } from 'vitest'
import { bucketDefaults, createMemoryEngine, type Engine } from '../../src'
import type { Change } from '../../src/watch/change'
import { Hub } from '../../src/watch/hub'
import { subjectOf } from '../../src/watch/subject'

const text = (value: string) => ({ encoding: 'text', text: value }) as const

let engine: Engine
let hub: Hub
beforeEach(() => {
  engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
  hub = new Hub(engine)
})

function listener() {
  const changes: Change[] = []
  return {
    changes,
    removals: 0,
    changed: (change: Change) => void changes.push(change),
    deleted(): void {
      this.removals++
    },
  }
}

test('follows a bucket once, from the first watcher to the last', () => {
  const follow = vi.spyOn(engine, 'follow')
  const seats = [listener(), listener(), listener()].map((each) => hub.join('b', undefined, each))
  expect(follow).toHaveBeenCalledTimes(1)
  seats[0]?.leave()
  seats[0]?.leave()
  seats[1]?.leave()
  expect(hub.size).toBe(1)
  seats[2]?.leave()
  expect(hub.size).toBe(0)
  hub.join('b', undefined, listener())
  expect(follow).toHaveBeenCalledTimes(2)
})

test('makes a change into JSON once, whoever is told', async () => {
  const all = Array.from({ length: 100 }, listener)
  for (const each of all) hub.join('APP_default_b', undefined, each)
  await engine.put('APP_default_b', 'k', text('content'))
  const stringify = vi.spyOn(JSON, 'stringify')
  const { view } = subjectOf('default', { id: '1', kind: 'kv', target: 'b' })
  const texts = all.map(({ changes }) => changes[0]?.frame(view).text('"sub":"1",'))
  const calls = stringify.mock.calls.filter(([value]) => value === 'content')
  stringify.mockRestore()
  expect(new Set(texts).size).toBe(1)
  expect(calls).toHaveLength(1)
})

test('makes a change into JSON once for each view of it, however many subscriptions have the view', async () => {
  const one = listener()
  hub.join('APP_default_SYS_config', undefined, one)
  await engine.put('APP_default_SYS_config', 'a', { encoding: 'json', text: '{"n":1}' })
  const views = (['config', 'events', 'config'] as const).map(
    (kind) => subjectOf('default', { id: kind, kind, target: kind === 'events' ? '>' : 'a' }).view,
  )
  const [document, event, again] = views.map((view) => one.changes[0]?.frame(view))
  expect(document?.type).toBe('config_update')
  expect(event?.type).toBe('event')
  expect(again).toBe(document)
})

test('tells those who asked for keys of these keys, and of a removal once', async () => {
  const [narrow, wide] = [listener(), listener()]
  hub.join('b', ['x', 'y'], narrow)
  hub.join('b', undefined, wide)
  for (const key of ['x', 'z', 'y']) await engine.put('b', key, text('1'))
  await engine.deleteBucket('b')
  expect(narrow.changes.map(({ entry }) => entry.key)).toEqual(['x', 'y'])
  expect(wide.changes).toHaveLength(3)
  expect([narrow.removals, wide.removals]).toEqual([1, 1])
})

test('Hub: of 1,000 listeners with 64 wildcard filters each, a change reaches those whose filters admit its key', async () => {
  const all = Array.from({ length: 1_000 }, (_, n) => {
    const each = listener()
    hub.join(
      'b',
      Array.from({ length: 64 }, (_, index) => (index === 0 ? `*.room.${n % 10}` : `user.${n}.${index}.>`)),
      each,
    )
    return each
  })
  const reached = () => all.flatMap(({ changes }, n) => (changes.length > 0 ? [n] : []))
  await engine.put('b', 'nothing.of.theirs', text('1'))
  expect(reached()).toEqual([])
  await engine.put('b', 'user.7.3.name', text('1'))
  expect(reached()).toEqual([7])
  await engine.put('b', 'any.room.7', text('1'))
  expect(reached()).toEqual(Array.from({ length: 100 }, (_, n) => n * 10 + 7))
  await engine.deleteBucket('b')
  expect(all.every(({ removals }) => removals === 1)).toBe(true)
})

test('Hub: a listener several of whose filters admit a key is told once', async () => {
  const [one, other] = [listener(), listener()]
  hub.join('b', ['a.*', 'a.>', '*.x', 'a.x'], one)
  hub.join('b', ['a.*'], other).leave()
  await engine.put('b', 'a.x', text('1'))
  expect([one.changes.length, other.changes.length]).toEqual([1, 0])
})

test('Hub: one who leaves is not told any more, also where several filters admit the key', async () => {
  const late = listener()
  const seats: { leave(): void }[] = []
  hub.join('b', undefined, { changed: () => seats[0]?.leave(), deleted: () => {} })
  seats.push(hub.join('b', ['a.>', '*.x'], late))
  await engine.put('b', 'a.x', text('1'))
  expect(late.changes).toEqual([])
})

test('one who leaves while others are told is not told', async () => {
  const late = listener()
  const seats: { leave(): void }[] = []
  hub.join('b', undefined, { changed: () => seats[0]?.leave(), deleted: () => {} })
  seats.push(hub.join('b', undefined, late))
  await engine.put('b', 'k', text('1'))
  expect(late.changes).toEqual([])
})
