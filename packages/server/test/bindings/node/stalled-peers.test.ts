import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { StalledPeers } from '../../../src/bindings/node/stalled-peers'
import { serve } from '../../../src/node'
import { CERTIFICATE } from '../../support/certificate'
import { ADMIN_KEY, Harness } from '../../support/harness'
import { RawConnection } from './raw-http'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

describe('StalledPeers', () => {
  const watch = () => {
    const handle = { bytesWritten: 0, writeQueueSize: 0 }
    const socket = { _handle: handle as typeof handle | null, cuts: 0, destroy: () => void socket.cuts++ }
    const peers = new StalledPeers(new Set([socket as unknown as Socket]), 60_000)
    ends.push(() => peers.close())
    const look = (times: number, before?: () => void) => {
      for (let done = 0; done < times; done++) {
        before?.()
        peers.look()
      }
      return socket.cuts
    }
    return { handle, socket, look }
  }

  test('cuts a peer that takes nothing, whatever more is sent to it', () => {
    const { handle, look } = watch()
    handle.bytesWritten = handle.writeQueueSize = 1_000
    const sendMore = () => {
      handle.bytesWritten += 100
      handle.writeQueueSize += 100
    }
    expect(look(10, sendMore)).toBe(0)
    expect(look(1, sendMore)).toBe(1)
  })

  test('leaves a quiet connection', () => {
    expect(watch().look(1_000)).toBe(0)
  })

  test('leaves a peer that takes a byte now and then, also when as much is sent to it', () => {
    const { handle, look } = watch()
    handle.bytesWritten = handle.writeQueueSize = 1_000
    let looks = 0
    const takeSometimes = () => {
      if (++looks % 9 === 0) handle.bytesWritten++
    }
    expect(look(1_000, takeSometimes)).toBe(0)
  })

  test('leaves a peer that has taken all before something new is sent', () => {
    const { handle, look } = watch()
    handle.bytesWritten = handle.writeQueueSize = 10
    look(10)
    handle.writeQueueSize = 0
    look(1)
    handle.writeQueueSize = 10
    expect(look(10)).toBe(0)
  })

  test('leaves a socket whose handle is gone', () => {
    const { socket, look } = watch()
    socket._handle = null
    expect(look(100)).toBe(0)
  })
})

test.each([
  ['HTTP', undefined],
  ['TLS', CERTIFICATE],
])('a server cuts a peer that does not read its responses, over %s', async (_, tls) => {
  const sockets: Socket[] = []
  const onStart = (message: unknown) => void sockets.push((message as { socket: Socket }).socket)
  subscribe('http.server.request.start', onStart)
  ends.push(() => unsubscribe('http.server.request.start', onStart))
  const harness = new Harness({ limits: { stalledPeerMs: 200 } })
  const listening = await serve(harness.server, { port: 0, tls })
  ends.push(() => listening.close(0))
  await harness.put('b/keys/a', JSON.stringify('x'.repeat(900_000)))
  const connection = new RawConnection(listening.port, { tls: tls !== undefined })
  ends.push(() => connection.end())
  const head = `host: localhost\r\nauthorization: Bearer ${ADMIN_KEY}\r\n\r\n`
  connection.send(`GET /health HTTP/1.1\r\n${head}`)
  await connection.until('200 OK')
  connection.pause()
  connection.send(`GET /api/v1/kv/buckets/b/keys/a HTTP/1.1\r\n${head}`.repeat(100))
  while (!sockets.some((socket) => socket.destroyed)) await turn()
  expect(sockets.length).toBeLessThan(100)
})
