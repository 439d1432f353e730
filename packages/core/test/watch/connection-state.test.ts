import { describe, expect, test } from 'vitest'
import { EVENTS, type Event, next, STATES, type State } from '../../src/watch/connection-state'

/**
 * The whole table once more, as the state diagram of the documentation has it: `-` where nothing happens.
 *
 *                  start       stop    opened  lost       refused         due           wake          rekeyed       reopen        close
 */
const TABLE: Record<State, string> = {
  idle: '        connecting  -       -       -          -               -             -             -             -             closed',
  connecting:
    '  -           idle    open    waiting    unauthorized    -             -             -             connecting    closed',
  open: '        -           idle    -       waiting    unauthorized    -             -             -             connecting    closed',
  waiting:
    '     -           idle    -       -          -               connecting    connecting    -             -             closed',
  unauthorized:
    '-           idle    -       -          -               connecting    -             connecting    -             closed',
  closed:
    '      -           -       -       -          -               -             -             -             -             -',
}

const COLUMNS: Event[] = ['start', 'stop', 'opened', 'lost', 'refused', 'due', 'wake', 'rekeyed', 'reopen', 'close']

const cells = STATES.flatMap((state) => {
  const row = TABLE[state].trim().split(/\s+/)
  return COLUMNS.map((event, column): [State, Event, string] => [state, event, row[column] as string])
})

test('the table has a cell for every event in every state', () => {
  expect([...EVENTS].sort()).toEqual([...COLUMNS].sort())
  expect(Object.keys(TABLE).sort()).toEqual([...STATES].sort())
  expect(cells).toHaveLength(60)
  expect(cells.filter(([, , to]) => to === undefined)).toEqual([])
})

test.each(cells)('%s, %s: %s', (state, event, to) => {
  expect(next(state, event) ?? '-').toBe(to)
})

describe('whatever happens', () => {
  test.each(EVENTS)('%s does not leave closed', (event) => {
    expect(next('closed', event)).toBeUndefined()
  })

  test('close leads to closed from everywhere', () => {
    for (const state of STATES) expect(next(state, 'close') ?? state).toBe('closed')
  })

  test('every state can be reached', () => {
    const reached = new Set<State>(['idle'])
    for (const state of reached) for (const event of EVENTS) reached.add(next(state, event) ?? state)
    expect([...reached].sort()).toEqual([...STATES].sort())
  })
})
