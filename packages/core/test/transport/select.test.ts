import { describe, expect, test } from 'vitest'
import { ConnectionError, errorFor, TimeoutError } from '../../src/errors/kinds'
import { fromProblem } from '../../src/errors/problem'
import {
  afterFailure,
  afterOpening,
  type Choice,
  type FailedConnection,
  FIRST_CHOICE,
  RECHECK_MS,
  recheck,
  type TransportKind,
  whenDialling,
} from '../../src/transport/select'

const NOW = 1_700_000_000_000

const answered = (status: number): FailedConnection => ({
  error: fromProblem(undefined, status),
  wasOpen: false,
  isSilent: false,
})
const refused: FailedConnection = {
  error: new ConnectionError('connect ECONNREFUSED', 'connection_failed'),
  wasOpen: false,
  isSilent: false,
}
const opaque: FailedConnection = {
  ...refused,
  error: new ConnectionError('the WebSocket could not be opened', 'connection_failed'),
  isOpaque: true,
}
const silent: FailedConnection = {
  error: new TimeoutError('nothing came', 'timeout', { status: undefined }),
  wasOpen: false,
  isSilent: true,
}
const whileOpen = (failed: FailedConnection): FailedConnection => ({ ...failed, wasOpen: true })
const refusedSubscription: FailedConnection = { ...refused, error: errorFor('invalid_request', 'no') }

const trying = (kind: TransportKind, proven: TransportKind = kind): Choice => ({
  trying: kind,
  proven,
  fellAt: 0,
  doubt: 'a doubt of before',
})

/** Each way to fail, and what it says about a WebSocket: why another transport may do better, or nothing. */
const WAYS: Array<[string, FailedConnection, string | undefined]> = [
  ...[200, 302, 400, 404, 426, 500, 502, 504].map((status): [string, FailedConnection, string] => [
    `an answer of ${status}`,
    answered(status),
    `the upgrade was answered with ${status}`,
  ]),
  ...[401, 403, 429, 503].map((status): [string, FailedConnection, undefined] => [
    `an answer of ${status}`,
    answered(status),
    undefined,
  ]),
  ['a refused connection', refused, undefined],
  ['silence', silent, 'no welcome came on the WebSocket'],
  ['a failure that nobody explains', opaque, 'the WebSocket could not be opened'],
  ['the end of an open connection', whileOpen(refused), undefined],
  ['the silence of an open connection', whileOpen(silent), undefined],
  ['a failure that nobody explains, of an open connection', whileOpen(opaque), undefined],
  ['an error of the session', whileOpen(refusedSubscription), undefined],
]

describe('a WebSocket, where nothing less has worked', () => {
  test.each(WAYS)('%s: is followed by an event stream where that may do better', (_, failed, doubt) => {
    const choice = afterFailure(trying('websocket'), failed, NOW)
    expect(choice).toMatchObject({ trying: doubt ? 'sse' : 'websocket', proven: 'websocket' })
    expect(choice.doubt).toBe(doubt)
  })
})

describe.each(['sse', 'poll'] as const)('a WebSocket that is tried again, where %s works', (proven) => {
  test.each(WAYS)('%s: that is used again', (_, failed, doubt) => {
    const choice = afterFailure(recheck(trying(proven), NOW - 10), failed, NOW)
    expect(choice).toMatchObject({ trying: proven, proven })
    expect(choice.doubt).toBe(doubt)
    // In any case not before another five minutes have passed.
    expect(whenDialling(choice, NOW + RECHECK_MS - 11).trying).toBe(proven)
    expect(whenDialling(choice, NOW + RECHECK_MS).trying).toBe('websocket')
  })
})

describe.each(['websocket', 'sse'] as const)('an event stream, where %s is what worked', (proven) => {
  test.each(WAYS)('%s: only silence makes it polls', (_, failed) => {
    const choice = afterFailure(trying('sse', proven), failed, NOW)
    expect(choice).toMatchObject({ trying: failed.isSilent ? 'poll' : proven, proven })
    expect(choice.doubt).toBe(failed.isSilent ? 'nothing came on the event stream' : undefined)
  })
})

describe.each(['websocket', 'sse', 'poll'] as const)('polls, where %s is what worked', (proven) => {
  test.each(WAYS)('%s: there is nothing less to try', (_, failed) => {
    const choice = afterFailure(trying('poll', proven), failed, NOW)
    expect(choice).toMatchObject({ trying: proven, proven })
    expect(choice.doubt).toBeUndefined()
  })
})

describe('a trial', () => {
  test('that opens is what works from then on, with the reason', () => {
    const choice = afterOpening(afterFailure(FIRST_CHOICE, answered(400), NOW))
    expect(choice).toMatchObject({ trying: 'sse', proven: 'sse', reason: 'the upgrade was answered with 400' })
    expect(afterOpening(afterFailure(choice, silent, NOW))).toMatchObject({
      proven: 'poll',
      reason: 'nothing came on the event stream',
    })
  })

  test('that does not open changes nothing: there is no server', () => {
    const trial = afterFailure(FIRST_CHOICE, answered(502), NOW)
    expect(afterFailure(trial, refused, NOW)).toMatchObject({ trying: 'websocket', proven: 'websocket' })
    const polls = afterFailure(trial, silent, NOW)
    expect(polls).toMatchObject({ trying: 'poll', proven: 'websocket' })
    const again = afterFailure(polls, silent, NOW)
    expect(again).toMatchObject({ trying: 'websocket', proven: 'websocket' })
    expect(afterOpening(again)).toMatchObject({ proven: 'websocket', reason: undefined })
  })

  test('leaves the reason as it is where what worked opens again', () => {
    const sse = afterOpening(afterFailure(FIRST_CHOICE, answered(400), NOW))
    const again = afterOpening(afterFailure(sse, refused, NOW))
    expect(again).toMatchObject({ proven: 'sse', reason: 'the upgrade was answered with 400' })
    const inVain = afterFailure(recheck(sse, NOW), answered(404), NOW)
    expect(afterOpening(inVain)).toMatchObject({ proven: 'sse', reason: 'the upgrade was answered with 400' })
  })
})

describe('a WebSocket again', () => {
  const fell = afterOpening(afterFailure(FIRST_CHOICE, answered(400), NOW))

  test('is tried when five minutes have passed since it was tried in vain', () => {
    expect(whenDialling(fell, NOW + RECHECK_MS - 1).trying).toBe('sse')
    const again = whenDialling(fell, NOW + RECHECK_MS)
    expect(again).toMatchObject({ trying: 'websocket', proven: 'sse', fellAt: NOW + RECHECK_MS })
  })

  test('has no reason against it any more once it opens', () => {
    const opened = afterOpening(recheck(fell, NOW))
    expect(opened).toMatchObject({ trying: 'websocket', proven: 'websocket' })
    expect(opened.reason).toBeUndefined()
  })

  test.each([
    ['nobody explained the failure', opaque],
    ['nothing came at all', silent],
  ])('is tried after 15 seconds where %s, and then every five minutes', (_, failure) => {
    const sse = afterOpening(afterFailure(FIRST_CHOICE, failure, NOW))
    expect(whenDialling(sse, NOW + 14_999).trying).toBe('sse')
    const again = whenDialling(sse, NOW + 15_000)
    expect(again.trying).toBe('websocket')
    const inVain = afterOpening(afterFailure(again, failure, NOW + 15_000))
    expect(whenDialling(inVain, NOW + 15_000 + RECHECK_MS - 1).trying).toBe('sse')
    expect(whenDialling(inVain, NOW + 15_000 + RECHECK_MS).trying).toBe('websocket')
  })

  test('is not forced on a trial, nor on a WebSocket', () => {
    const trial = afterFailure(fell, silent, NOW)
    expect(whenDialling(trial, NOW + 2 * RECHECK_MS)).toBe(trial)
    expect(whenDialling(FIRST_CHOICE, NOW)).toBe(FIRST_CHOICE)
  })
})
