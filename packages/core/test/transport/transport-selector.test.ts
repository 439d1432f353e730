import { describe, expect, test } from 'vitest'
import { ConnectionError, errorFor, TimeoutError } from '../../src/errors/kinds'
import { fromProblem } from '../../src/errors/problem'
import {
  type FailedConnection,
  RECHECK_MS,
  type TransportKind,
  type TransportOption,
  TransportSelector,
} from '../../src/transport/transport-selector'
import { FakePlatform } from '../fake-platform'
import { FakeWatchTransport } from '../watch/world'

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

const auto = () => new TransportSelector('auto', 7_000)

/** A selector whose connections have failed and opened so that `proven` is what works, and `trying` what is tried. */
function selectorAt(trying: TransportKind, proven: TransportKind = trying): TransportSelector {
  const selector = auto()
  const stepDown = (to: TransportKind) => {
    if (selector.next(NOW) === 'websocket' && to !== 'websocket') selector.failed(answered(400), NOW)
    if (selector.next(NOW) === 'sse' && to === 'poll') selector.failed(silent, NOW)
  }
  stepDown(proven)
  selector.opened()
  if (trying !== proven) stepDown(trying)
  expect([selector.kind, selector.next(NOW)]).toEqual([proven, trying])
  return selector
}

/** Why a trial that has begun is made, which opens now. */
function reasonOf(selector: TransportSelector): string | undefined {
  selector.opened()
  return selector.reason
}

/** Each way to fail, and what it says about a WebSocket: why another transport may do better, or nothing. */
const WAYS: Array<[string, FailedConnection, string | undefined]> = [
  ...[200, 302, 400, 404, 426, 500, 502, 504].map((status): [string, FailedConnection, string] => [
    `a response of ${status}`,
    answered(status),
    `the upgrade got a response of ${status}`,
  ]),
  ...[401, 403, 429, 503].map((status): [string, FailedConnection, undefined] => [
    `a response of ${status}`,
    answered(status),
    undefined,
  ]),
  ['a refused connection', refused, undefined],
  ['silence', silent, 'no welcome came on the WebSocket'],
  ['an opaque failure', opaque, 'the WebSocket could not be opened'],
  ['the end of an open connection', whileOpen(refused), undefined],
  ['the silence of an open connection', whileOpen(silent), undefined],
  ['an opaque failure of an open connection', whileOpen(opaque), undefined],
  ['an error of the session', whileOpen(refusedSubscription), undefined],
]

describe('a WebSocket, where nothing less has worked', () => {
  test.each(WAYS)('%s: is followed at once by an event stream where that may do better', (_, failed, doubt) => {
    const selector = selectorAt('websocket')
    expect(selector.failed(failed, NOW)).toBe(doubt !== undefined)
    expect([selector.next(NOW), selector.kind]).toEqual([doubt ? 'sse' : 'websocket', 'websocket'])
    expect(reasonOf(selector)).toBe(doubt)
  })
})

describe.each(['sse', 'poll'] as const)('a WebSocket that is tried again, where %s works', (proven) => {
  test.each(WAYS)('%s: that is used again', (_, failed, doubt) => {
    const selector = selectorAt(proven)
    const { reason } = selector
    selector.recheck(NOW - 10)
    expect(selector.failed(failed, NOW)).toBe(doubt !== undefined)
    // In any case not before another five minutes have passed.
    expect(selector.next(NOW + RECHECK_MS - 11)).toBe(proven)
    expect([selector.kind, reasonOf(selector)]).toEqual([proven, reason])
    expect(selector.next(NOW + RECHECK_MS)).toBe('websocket')
  })
})

describe.each(['websocket', 'sse'] as const)('an event stream, where %s is what worked', (proven) => {
  test.each(WAYS)('%s: only silence makes it polls', (_, failed) => {
    const selector = selectorAt('sse', proven)
    expect(selector.failed(failed, NOW)).toBe(failed.isSilent)
    expect([selector.next(NOW), selector.kind]).toEqual([failed.isSilent ? 'poll' : proven, proven])
    if (failed.isSilent) expect(reasonOf(selector)).toBe('nothing came on the event stream')
  })
})

describe.each(['websocket', 'sse', 'poll'] as const)('polls, where %s is what worked', (proven) => {
  test.each(WAYS)('%s: there is nothing less to try', (_, failed) => {
    const selector = selectorAt('poll', proven)
    const { reason } = selector
    expect(selector.failed(failed, NOW)).toBe(false)
    expect([selector.next(NOW), selector.kind]).toEqual([proven, proven])
    expect(reasonOf(selector)).toBe(reason)
  })
})

describe('a trial', () => {
  test('that opens is what works from then on, with the reason', () => {
    const selector = auto()
    selector.failed(answered(400), NOW)
    expect([selector.kind, selector.reason]).toEqual(['websocket', undefined])
    selector.opened()
    expect([selector.kind, selector.reason]).toEqual(['sse', 'the upgrade got a response of 400'])
    selector.failed(silent, NOW)
    selector.opened()
    expect([selector.kind, selector.reason]).toEqual(['poll', 'nothing came on the event stream'])
  })

  test('that does not open changes nothing: there is no server', () => {
    const selector = auto()
    selector.failed(answered(502), NOW)
    expect(selector.failed(refused, NOW)).toBe(false)
    expect([selector.next(NOW), selector.kind]).toEqual(['websocket', 'websocket'])
    selector.failed(answered(502), NOW)
    selector.failed(silent, NOW)
    expect([selector.next(NOW), selector.kind]).toEqual(['poll', 'websocket'])
    expect(selector.failed(silent, NOW)).toBe(false)
    expect([selector.next(NOW), selector.kind]).toEqual(['websocket', 'websocket'])
    selector.opened()
    expect([selector.kind, selector.reason]).toEqual(['websocket', undefined])
  })

  test('leaves the reason as it is where what worked opens again', () => {
    const selector = selectorAt('sse')
    selector.failed(refused, NOW)
    selector.opened()
    expect([selector.kind, selector.reason]).toEqual(['sse', 'the upgrade got a response of 400'])
    selector.recheck(NOW)
    selector.failed(answered(404), NOW)
    selector.opened()
    expect([selector.kind, selector.reason]).toEqual(['sse', 'the upgrade got a response of 400'])
  })
})

describe('a WebSocket again', () => {
  test('is tried when five minutes have passed since it was tried in vain', () => {
    const selector = selectorAt('sse')
    expect(selector.recheckMs(NOW + 1_000)).toBe(RECHECK_MS - 1_000)
    expect(selector.next(NOW + RECHECK_MS - 1)).toBe('sse')
    expect(selector.recheckMs(NOW + 2 * RECHECK_MS)).toBe(0)
    expect(selector.next(NOW + RECHECK_MS)).toBe('websocket')
    expect([selector.kind, selector.recheckMs(NOW + RECHECK_MS)]).toEqual(['sse', RECHECK_MS])
  })

  test('has no reason against it any more once it opens', () => {
    const selector = selectorAt('sse')
    selector.recheck(NOW)
    selector.opened()
    expect([selector.kind, selector.reason, selector.recheckMs(NOW)]).toEqual(['websocket', undefined, undefined])
  })

  test.each([
    ['the failure was opaque', opaque],
    ['nothing came at all', silent],
  ])('is tried after 15 seconds where %s, and then every five minutes', (_, failure) => {
    const selector = auto()
    selector.failed(failure, NOW)
    selector.opened()
    expect(selector.next(NOW + 14_999)).toBe('sse')
    expect(selector.next(NOW + 15_000)).toBe('websocket')
    selector.failed(failure, NOW + 15_000)
    selector.opened()
    expect(selector.next(NOW + 15_000 + RECHECK_MS - 1)).toBe('sse')
    expect(selector.next(NOW + 15_000 + RECHECK_MS)).toBe('websocket')
  })

  test('is not forced on a trial, nor on a WebSocket', () => {
    expect(selectorAt('poll', 'sse').next(NOW + 2 * RECHECK_MS)).toBe('poll')
    const selector = auto()
    expect([selector.next(NOW), selector.recheckMs(NOW)]).toEqual(['websocket', undefined])
    selector.failed(opaque, NOW)
    // A recheck would have begun the five minutes anew.
    expect(selector.next(NOW + 14_999)).toBe('sse')
  })
})

test('auto gives each transport five seconds, and any other choice as long as its user does', () => {
  expect(auto().patienceMs).toBe(5_000)
  expect(new TransportSelector('sse', 7_000).patienceMs).toBe(7_000)
})

describe('a choice of the user', () => {
  const custom = new FakeWatchTransport(new FakePlatform())
  test.each<[TransportKind, TransportOption]>([
    ['websocket', 'websocket'],
    ['sse', 'sse'],
    ['poll', 'poll'],
    ['custom', custom],
  ])('%s never becomes another', (kind, option) => {
    const selector = new TransportSelector(option, 7_000)
    let now = NOW
    for (const failure of [answered(400), silent, opaque, answered(503)]) {
      expect(selector.next(now)).toBe(kind)
      expect(selector.failed(failure, now)).toBe(false)
      now += RECHECK_MS
    }
    expect(selector.next(now)).toBe(kind)
    selector.opened()
    expect([selector.kind, selector.reason, selector.recheckMs(now)]).toEqual([kind, undefined, undefined])
  })
})
