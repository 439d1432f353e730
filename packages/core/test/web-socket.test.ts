import { beforeEach, describe, expect, test } from 'vitest'
import type { SocketEnd } from '../src/platform'
import { openWebSocket } from '../src/web-socket'
import { ScriptedSocket, ScriptedWebSocket } from './scripted-socket'

beforeEach(() => {
  ScriptedSocket.reset()
})

function opened(Constructor: typeof WebSocket | undefined = ScriptedWebSocket) {
  const told: Array<string | SocketEnd> = []
  const socket = openWebSocket(Constructor, 'ws://host/api/v1/ws', ['ironflow.v1', 'bearer.a2V5'], {
    opened: () => told.push('opened'),
    message: (text) => told.push(text),
    closed: (end) => told.push(end),
  })
  return { socket, told, peer: ScriptedSocket.made[0] as ScriptedSocket }
}

describe('a socket', () => {
  test('goes to the address, with the subprotocols', () => {
    const { peer } = opened()
    expect([peer.url, peer.protocols]).toEqual(['ws://host/api/v1/ws', ['ironflow.v1', 'bearer.a2V5']])
  })

  test('tells that it is open, its messages, and its end with code and reason', () => {
    const { socket, told, peer } = opened()
    expect(told).toEqual([])
    peer.open()
    socket.send('hello')
    peer.receive('welcome')
    peer.end(1001, 'going away')
    expect(peer.sent).toEqual(['hello'])
    expect(told).toEqual(['opened', 'welcome', { code: 1001, reason: 'going away' }])
  })

  test('does not tell messages that are not text', () => {
    const { told, peer } = opened()
    peer.receive(new ArrayBuffer(3))
    expect(told).toEqual([])
  })

  test('that fails tells its end once', () => {
    const { told, peer } = opened()
    peer.fail()
    expect(told).toEqual([{ code: 1006, reason: '' }])
  })

  test('tells nothing any more once it was closed', () => {
    const { socket, told, peer } = opened()
    peer.open()
    socket.close()
    socket.close()
    peer.receive('too late')
    peer.end(1005, '')
    expect(told).toEqual(['opened'])
    expect(peer.closings).toBeGreaterThan(0)
  })

  test('can be closed before it is open', () => {
    const { socket, told, peer } = opened()
    socket.close()
    peer.open()
    expect([told, peer.closings]).toEqual([[], 1])
  })
})

test('is none where the runtime has none', () => {
  expect(() => openWebSocket(undefined, 'ws://host', [], UNREACHABLE)).toThrow(TypeError)
})

test('is none where the runtime allows none here, and says why', () => {
  ScriptedSocket.refusal = new DOMException('an insecure WebSocket from a page of https', 'SecurityError')
  expect(() => openWebSocket(ScriptedWebSocket, 'ws://host', [], UNREACHABLE)).toThrow('an insecure WebSocket')
})

const UNREACHABLE = {
  opened: () => expect.unreachable(),
  message: () => expect.unreachable(),
  closed: () => expect.unreachable(),
}
