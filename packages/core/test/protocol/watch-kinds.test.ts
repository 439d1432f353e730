import { describe, expect, test } from 'vitest'
import { FieldProblems } from '../../src/errors/field-problems'
import { checkSubscription } from '../../src/protocol/envelope'
import { isWatchKind, WATCH_KINDS, watchKindRow } from '../../src/protocol/watch-kinds'

const KINDS = Object.keys(WATCH_KINDS).filter(isWatchKind)
const TARGETS = { config: 'limits', kv: 'sessions', events: 'system.>' } as const

const problemsOf = (subscription: object) => {
  const problems = new FieldProblems()
  checkSubscription(subscription, '', problems)
  return Object.keys(problems.error()?.fields ?? {})
}

describe.each(KINDS)('%s', (kind) => {
  test('a subscription is checked by its row', () => {
    const { target, filter } = watchKindRow(kind)
    expect(problemsOf({ id: 's', kind, target: TARGETS[kind] })).toEqual([])
    expect(problemsOf({ id: 's', kind, target: 'a b' })).toEqual(['target'])
    expect(problemsOf({ id: 's', kind, target: TARGETS[kind], filters: ['a.*'] })).toEqual(filter ? [] : ['filters'])
    expect(target(TARGETS[kind])).toBeUndefined()
  })

  test('its frames are those of no other kind', () => {
    for (const type of Object.keys(watchKindRow(kind).frames)) {
      expect(KINDS.filter((each) => Object.hasOwn(WATCH_KINDS[each].frames, type))).toEqual([kind])
    }
  })

  test('its route has the target, once', () => {
    const { path, target } = watchKindRow(kind).route
    expect(path.split('/').filter((part) => part.startsWith(':'))).toEqual(path.includes(':') ? [`:${target}`] : [])
  })
})

test('what is inherited by every object is no kind', () => {
  for (const name of ['toString', 'constructor', '', undefined, 1]) expect(isWatchKind(name)).toBe(false)
  expect(problemsOf({ id: 's', kind: 'toString', target: 'a' })).toEqual(['kind'])
})
