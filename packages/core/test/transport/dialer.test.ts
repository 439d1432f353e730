import { describe, expect, test } from 'vitest'
import { ConnectionError, TimeoutError } from '../../src/errors/kinds'
import { fromProblem } from '../../src/errors/problem'
import { Dialer } from '../../src/transport/dialer'
import { type FailedConnection, RECHECK_MS, type TransportKind } from '../../src/transport/select'
import type { ConnectionSession } from '../../src/transport/transport'

const SESSION: ConnectionSession = {
  environment: undefined,
  subscriptions: () => [],
  begun: () => undefined,
  frame: () => undefined,
  ended: () => undefined,
}

const failed = (status?: number, isSilent = false): FailedConnection => {
  const silence = () => new TimeoutError('nothing came', 'timeout', { status: undefined })
  const network = () => (isSilent ? silence() : new ConnectionError('connection reset', 'connection_failed'))
  return { error: status ? fromProblem(undefined, status) : network(), wasOpen: false, isSilent }
}

/** A dialer whose connections are only noted. */
function dialerOf(fixed?: TransportKind) {
  const noted = { dialled: [] as TransportKind[], left: 0, now: 1_000_000 }
  const link = {
    server: 'http://host',
    leave: () => {
      noted.left++
    },
    platform: { now: () => noted.now },
  }
  const dialer = new Dialer(link, fixed, 7_000, (kind) => {
    noted.dialled.push(kind)
    return { send: () => true, close: () => undefined }
  })
  return { dialer, noted, dial: () => dialer.dial(SESSION) }
}

describe('auto', () => {
  test('begins with a WebSocket, and gives each transport five seconds', () => {
    const { dialer, noted, dial } = dialerOf()
    dial()
    expect(noted.dialled).toEqual(['websocket'])
    expect(dialer.patienceMs).toBe(5_000)
    expect([dialer.kind, dialer.reason, dialer.recheckMs]).toEqual(['websocket', undefined, undefined])
  })

  test('falls from one transport to the next without a wait, and says which works only once it does', () => {
    const { dialer, noted, dial } = dialerOf()
    dial()
    expect(dialer.failed(failed(400))).toBe(true)
    dial()
    expect(dialer.kind).toBe('websocket')
    expect(dialer.failed(failed(undefined, true))).toBe(true)
    dial()
    dialer.opened()
    expect(noted.dialled).toEqual(['websocket', 'sse', 'poll'])
    expect([dialer.kind, dialer.reason]).toEqual(['poll', 'nothing came on the event stream'])
  })

  test('waits before it repeats what failed, also where that was a trial', () => {
    const { dialer, noted, dial } = dialerOf()
    dial()
    expect(dialer.failed(failed())).toBe(false)
    dial()
    expect(dialer.failed(failed(502))).toBe(true)
    dial()
    expect(dialer.failed(failed())).toBe(false)
    dial()
    expect(noted.dialled).toEqual(['websocket', 'websocket', 'sse', 'websocket'])
  })

  test('goes back at once to what worked when the WebSocket that was tried again does not', () => {
    const { dialer, noted, dial } = dialerOf()
    dial()
    dialer.failed(failed(404))
    dial()
    dialer.opened()
    expect(dialer.recheckMs).toBe(RECHECK_MS)
    noted.now += 1_000
    expect(dialer.recheckMs).toBe(RECHECK_MS - 1_000)
    dialer.recheck()
    dial()
    expect(dialer.failed(failed(404))).toBe(true)
    dial()
    expect(noted.dialled).toEqual(['websocket', 'sse', 'websocket', 'sse'])
    expect([dialer.kind, dialer.recheckMs]).toEqual(['sse', RECHECK_MS])
  })

  test('tries a WebSocket also when it has to connect anyway and five minutes have passed', () => {
    const { dialer, noted, dial } = dialerOf()
    dial()
    dialer.failed(failed(404))
    dial()
    dialer.opened()
    noted.now += 2 * RECHECK_MS
    expect(dialer.recheckMs).toBe(0)
    expect(dialer.failed({ ...failed(), wasOpen: true })).toBe(false)
    dial()
    dialer.opened()
    expect(noted.dialled).toEqual(['websocket', 'sse', 'websocket'])
    expect([dialer.kind, dialer.reason]).toEqual(['websocket', undefined])
  })
})

describe('a fixed transport', () => {
  test.each(['websocket', 'sse', 'poll', 'custom'] as const)('%s never becomes another', (kind) => {
    const { dialer, noted, dial } = dialerOf(kind)
    for (const failure of [failed(400), failed(undefined, true), { ...failed(), isOpaque: true }, failed(503)]) {
      dial()
      expect(dialer.failed(failure)).toBe(false)
      noted.now += RECHECK_MS
    }
    dial()
    dialer.opened()
    expect(noted.dialled).toEqual([kind, kind, kind, kind, kind])
    expect([dialer.kind, dialer.reason, dialer.recheckMs]).toEqual([kind, undefined, undefined])
    expect(dialer.patienceMs).toBe(7_000)
  })
})

test.each([undefined, 'sse'] as const)('a silent server is left for the next one (%s)', (fixed) => {
  const { dialer, noted, dial } = dialerOf(fixed)
  dial()
  dialer.failed(failed())
  expect(noted.left).toBe(0)
  dialer.failed(failed(undefined, true))
  expect(noted.left).toBe(1)
})
