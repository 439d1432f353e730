import type { Socket as NetSocket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { networkError as readError } from '../src/network-error'
import { expectNoUnhandledRejections } from './observe'
import { closedPort, http, rawServer } from './raw-server'
import { bounded, noSocketLeft, socketServer, TestSocket } from './test-socket'

expectNoUnhandledRejections()

const networkError = (thrown: unknown) => readError(thrown, { server: 'http://host', source: 'the option serverUrl' })

const clients: TestSocket[] = []
const open = (...of: ConstructorParameters<typeof TestSocket>) => {
  const client = new TestSocket(...of)
  clients.push(client)
  return client
}

afterEach(() => {
  for (const { socket } of clients.splice(0)) socket.close()
})

describe('an open socket', () => {
  test('has its subprotocols and headers with the upgrade, and carries text both ways', async () => {
    await using server = await socketServer()
    const client = open(server.url, ['ironflow.v1', 'bearer.a2V5'], { 'x-ironflow-client': 'test/1' })
    const { peer, header } = await server.peer()
    expect(await client.toTell(1)).toEqual(['opened'])
    expect(header('sec-websocket-protocol')).toBe('ironflow.v1,bearer.a2V5')
    expect(header('x-ironflow-client')).toBe('test/1')
    expect(header('sec-websocket-extensions')).toBeUndefined()
    const received = new Promise((resolve) => peer.once('message', (data) => resolve(String(data))))
    client.socket.send('{"text":"añ€😀"}')
    expect(await received).toBe('{"text":"añ€😀"}')
    peer.send('one')
    peer.send('añ€😀')
    expect(await client.toTell(3)).toEqual(['opened', 'one', 'añ€😀'])
  })

  test('does not tell of binary messages', async () => {
    await using server = await socketServer()
    const client = open(server.url)
    const { peer } = await server.peer()
    peer.send(Buffer.from('binary'))
    peer.send('text')
    expect(await client.toTell(2)).toEqual(['opened', 'text'])
  })

  test('tells once how the peer closed it', async () => {
    await using server = await socketServer()
    const client = open(server.url)
    const { peer } = await server.peer()
    peer.close(4001, 'the key is over')
    expect(await client.end()).toMatchObject({ code: 4001, reason: 'the key is over', error: undefined })
    expect(client.told).toEqual(['opened', 'closed'])
    // As the interface promises: nothing here throws.
    client.socket.send('too late')
    client.socket.close()
    await noSocketLeft()
    expect(client.told).toEqual(['opened', 'closed'])
  })

  test('tells that it was cut', async () => {
    await using server = await socketServer()
    const client = open(server.url)
    const { peer } = await server.peer()
    await client.toTell(1)
    peer.terminate()
    expect(await client.end()).toMatchObject({ code: 1006, reason: '' })
  })

  test('ends on what is no WebSocket', async () => {
    await using server = await socketServer()
    const client = open(server.url)
    const { peer } = await server.peer()
    await client.toTell(1)
    const { _socket: stream } = peer as unknown as { _socket: { write(bytes: Buffer): void } }
    stream.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))
    const { error } = await client.end()
    expect(error).toBeInstanceOf(Error)
    expect(client.told).toEqual(['opened', 'closed'])
  })
})

describe('a response in place of the upgrade', () => {
  test('is told with status, headers and text', async () => {
    const body = '{"code":"rate_limited","detail":"añ€😀"}'
    const headers = { 'Retry-After': '7', 'Content-Length': `${Buffer.byteLength(body)}` }
    await using server = await rawServer((socket) => socket.end(http('429 Too Many Requests', headers, body)))
    const client = open(server.url)
    const { response } = await client.end()
    expect(response).toMatchObject({ status: 429, text: body })
    expect([response?.headers.get('retry-after'), response?.headers.get('Retry-After')]).toEqual(['7', '7'])
    expect(response?.headers.get('x-request-id')).toBeNull()
    expect(client.told).toEqual(['closed'])
  })

  test.each(['200 OK', '302 Found', '400 Bad Request', '502 Bad Gateway'])('may be %s', async (status) => {
    const headers = { location: 'http://127.0.0.1:1/', 'content-length': '1' }
    // The server would keep the connection.
    await using server = await rawServer((socket) => socket.write(http(status, headers, 'x')))
    const { response } = await open(server.url).end()
    expect(response).toMatchObject({ status: Number.parseInt(status, 10), text: 'x' })
    await noSocketLeft()
    expect(server.requests).toHaveLength(1)
  })

  test('is read no further than anybody needs', async () => {
    let written = 0
    await using server = await rawServer((socket) => {
      const chunk = Buffer.alloc(16 * 1024, 'x')
      socket.write(http('500 Internal Server Error', {}, ''))
      const more = () => {
        while (socket.writable && written < 500_000_000) {
          written += chunk.length
          if (!socket.write(chunk)) return
        }
      }
      socket.on('drain', more)
      more()
    })
    const { response } = await open(server.url).end()
    expect(response?.status).toBe(500)
    expect(response?.text.length).toBeGreaterThanOrEqual(64 * 1024)
    expect(response?.text.length).toBeLessThan(1024 * 1024)
    await server[Symbol.asyncDispose]()
    expect(written).toBeLessThan(100_000_000)
  })

  test('that breaks off is told as far as it came', async () => {
    await using server = await rawServer((socket) =>
      socket.end(http('500 Internal Server Error', { 'content-length': '1000' }, 'half')),
    )
    const client = open(server.url)
    expect((await client.end()).response).toMatchObject({ status: 500, text: 'half' })
    await noSocketLeft()
    expect(client.told).toEqual(['closed'])
  })

  test('that never ends can be given up, and nothing is told or left', async () => {
    let begin: () => void = () => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    await using server = await rawServer((socket) => {
      socket.write(http('500 Internal Server Error', {}, 'begun'), () => begin())
    })
    const client = open(server.url)
    await bounded(begun, () => 'nobody asked')
    client.socket.close()
    await noSocketLeft()
    expect(client.told).toEqual([])
  })
})

describe('a server that is not there', () => {
  test('is told with an error that says so', async () => {
    const client = open(await closedPort())
    const { error, response } = await client.end()
    expect(response).toBeUndefined()
    expect(networkError(error)).toMatchObject({
      code: 'connection_failed',
      message: expect.stringMatching(/: connect ECONNREFUSED 127\.0\.0\.1:\d+; /),
    })
    expect(client.told).toEqual(['closed'])
  })

  test('is told with an error also where it hangs up', async () => {
    await using server = await rawServer((socket) => socket.destroy())
    const { error } = await open(server.url).end()
    expect(networkError(error).message).toMatch(/socket hang up|ECONNRESET/)
  })

  test('and what answers something else than HTTP is told with an error', async () => {
    await using server = await rawServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n'))
    const { error } = await open(server.url).end()
    expect(networkError(error).message).not.toBe('')
  })

  test('and an upgrade that accepts nothing it was asked is told with an error', async () => {
    const headers = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': 'wrong' }
    await using server = await rawServer((socket) => socket.write(http('101 Switching Protocols', headers, '')))
    const { error } = await open(server.url).end()
    expect(networkError(error).message).toMatch(/Sec-WebSocket-Accept/)
  })
})

describe('close() tells nothing more and leaves nothing', () => {
  test('before it is connected', async () => {
    await using server = await socketServer()
    const client = open(server.url)
    client.socket.close()
    client.socket.close()
    await noSocketLeft()
    expect(client.told).toEqual([])
  })

  test('while the server says nothing', async () => {
    let ask: () => void = () => undefined
    const asked = new Promise<void>((resolve) => {
      ask = resolve
    })
    await using server = await rawServer(() => ask())
    const client = open(server.url)
    await bounded(asked, () => 'nobody asked')
    client.socket.close()
    await noSocketLeft()
    expect(client.told).toEqual([])
  })

  test('while it is open, also with messages under way', async () => {
    await using server = await socketServer()
    const client = open(server.url)
    const { peer } = await server.peer()
    await client.toTell(1)
    const gone = new Promise((resolve) => peer.once('close', resolve))
    for (let index = 0; index < 100; index++) peer.send('late')
    client.socket.close()
    const told = [...client.told]
    await bounded(gone, () => 'the peer was not told')
    await noSocketLeft()
    expect(client.told).toEqual(told)
  })

  test('in a callback, of several messages that came together', async () => {
    await using server = await socketServer()
    const client = open(server.url)
    const { peer } = await server.peer()
    await client.toTell(1)
    client.react = () => client.socket.close()
    const { _socket: stream } = peer as unknown as { _socket: Pick<NetSocket, 'cork' | 'uncork'> }
    stream.cork()
    for (let index = 0; index < 10; index++) peer.send(`message ${index}`)
    stream.uncork()
    await client.toTell(2)
    await noSocketLeft()
    expect(client.told).toEqual(['opened', 'message 0'])
  })

  test('for a peer that does not answer a close', async () => {
    await using server = await socketServer()
    const client = open(server.url)
    const { peer } = await server.peer()
    await client.toTell(1)
    peer.pause()
    client.socket.close()
    // The peer, which does not read, does not count.
    await noSocketLeft()
    expect(client.told).toEqual(['opened'])
  })
})
