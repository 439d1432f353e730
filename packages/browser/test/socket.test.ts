import type { SocketEnd } from '@ironflow/core/runtime'
import { beforeEach, describe, expect, test } from 'vitest'
import { openSocket } from '../src/socket'
import { ScriptedSocket, ScriptedWebSocket } from './scripted-socket'

beforeEach(() => {
  ScriptedSocket.reset()
})

function opened(Constructor: typeof WebSocket | undefined = ScriptedWebSocket) {
  const told: Array<string | SocketEnd> = []
  const socket = openSocket({ WebSocket: Constructor }, 'ws://host/api/v1/ws', ['ironflow.v1', 'bearer.a2V5'], {
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

describe.each([
  ['where there is no WebSocket', () => undefined],
  [
    'where a WebSocket is not allowed',
    () => {
      ScriptedSocket.refusal = new DOMException('an insecure WebSocket from a page of https', 'SecurityError')
      return ScriptedWebSocket
    },
  ],
])('%s', (_, runtime) => {
  function tried() {
    const told: SocketEnd[] = []
    const socket = openSocket({ WebSocket: runtime() }, 'ws://host', [], {
      opened: () => expect.unreachable(),
      message: () => expect.unreachable(),
      closed: (end) => told.push(end),
    })
    return { socket, told }
  }

  test('it is over, once, and not before the caller has it', async () => {
    const { socket, told } = tried()
    expect(told).toEqual([])
    await Promise.resolve()
    expect(told).toEqual([{}])
    socket.send('nobody hears')
    socket.close()
    expect(told).toEqual([{}])
  })

  test('nothing is told to who has closed it', async () => {
    const { socket, told } = tried()
    socket.close()
    await Promise.resolve()
    expect(told).toEqual([])
  })
})
