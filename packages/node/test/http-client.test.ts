import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net'
import { brotliCompressSync, createGzip, gzipSync } from 'node:zlib'
import type { HttpFetch, HttpRequest } from '@ironflow/core/runtime'
import { describe, expect, onTestFinished, test } from 'vitest'
import { httpClient } from '../src/http-client'
import { createClient } from '../src/index'
import { resolveNetwork } from '../src/network'
import { expectNoUnhandledRejections } from './observe'
import { document, http, rawServer } from './raw-server'
import { noSocketLeft } from './test-socket'

expectNoUnhandledRejections()

const send: HttpFetch = httpClient(resolveNetwork({}))
const request = (given: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  headers: {},
  signal: new AbortController().signal,
  redirect: 'manual',
  ...given,
})

/** The address of a server that responds so. */
async function serverOf(respond: RequestListener): Promise<string> {
  const server = createServer(respond)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a request', () => {
  test.each([
    ['PUT', 'añ€😀', 'añ€😀'],
    ['PUT', new Uint8Array([0xc3, 0xa4]), 'ä'],
    ['PUT', '', ''],
    ['DELETE', undefined, ''],
  ])('%s carries its headers, path and body', async (method, body, expected) => {
    const url = await serverOf(async (incoming, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk)
      const { method, url, headers } = incoming
      response.end(JSON.stringify({ method, url, tenant: headers['x-tenant'], body: String(Buffer.concat(chunks)) }))
    })
    const response = await send(`${url}/api/v1/a%2Fb?c=d%20e`, request({ method, body, headers: { 'x-tenant': 't' } }))
    expect(JSON.parse(await response.text())).toEqual({
      method,
      url: '/api/v1/a%2Fb?c=d%20e',
      tenant: 't',
      body: expected,
    })
  })

  test('that was aborted before is not sent', async () => {
    const requests: string[] = []
    const url = await serverOf((incoming) => void requests.push(`${incoming.url}`))
    const reason = new Error('too late')
    const aborted = request({ signal: AbortSignal.abort(reason) })
    await expect(send(`${url}/a`, aborted)).rejects.toBe(reason)
    await noSocketLeft()
    expect(requests).toEqual([])
  })

  test.each(['before the response', 'in the middle of its body'])(
    'ends its connection when it is aborted %s',
    async (when) => {
      const controller = new AbortController()
      const reason = new Error('the user left')
      const url = await serverOf((_, response) => {
        if (when === 'before the response') controller.abort(reason)
        else response.write('half')
      })
      const sent = send(`${url}/a`, request({ signal: controller.signal }))
      if (when === 'before the response') await expect(sent).rejects.toBe(reason)
      else {
        const text = (await sent).text()
        setTimeout(() => controller.abort(reason), 20)
        await expect(text).rejects.toBe(reason)
      }
      await noSocketLeft()
    },
  )
})

describe('a response', () => {
  const text = '{"text":"añ€😀"}'

  test.each([
    ['gzip', gzipSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', Buffer.from(text)],
    ['', Buffer.from(`\u{feff}${text}`)],
  ])('in the content coding %j is read as text', async (coding, bytes) => {
    const url = await serverOf((incoming, response) => {
      expect(incoming.headers['accept-encoding']).toBe('gzip, br')
      if (coding !== '') response.setHeader('content-encoding', coding)
      response.end(bytes)
    })
    expect(await (await send(`${url}/a`, request())).text()).toBe(text)
  })

  test('whose coding is broken rejects', async () => {
    const url = await serverOf((_, response) => response.setHeader('content-encoding', 'gzip').end('no gzip'))
    const response = await send(`${url}/a`, request())
    await expect(response.text()).rejects.toThrow(/incorrect header check/)
  })

  test('of several megabytes comes whole', async () => {
    const large = 'x'.repeat(8_000_000)
    const url = await serverOf((_, response) => response.end(large))
    expect((await (await send(`${url}/a`, request())).text()).length).toBe(large.length)
  })

  test('after an informational one is the response', async () => {
    const url = await serverOf((_, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' })
      response.writeHead(201).end('made')
    })
    const response = await send(`${url}/a`, request())
    expect([response.status, response.ok, await response.text()]).toEqual([201, true, 'made'])
  })

  test.each(['identity', 'gzip'])('is read as a stream as it comes, in the content coding %s', async (coding) => {
    let write: (text: string) => void = () => undefined
    const url = await serverOf((_, response) => {
      response.setHeader('content-encoding', coding)
      const gzip = createGzip({ flush: 2 })
      if (coding === 'gzip') gzip.pipe(response)
      write = (text) => (coding === 'gzip' ? gzip : response).write(text)
      write('one')
    })
    const controller = new AbortController()
    const response = await send(`${url}/a`, request({ signal: controller.signal }))
    const reader = response.body?.getReader()
    const next = async () => Buffer.from((await reader?.read())?.value ?? []).toString()
    expect(await next()).toBe('one')
    write('two')
    expect(await next()).toBe('two')
    controller.abort(new Error('enough'))
    await expect(next()).rejects.toThrow('enough')
    await noSocketLeft()
  })

  test('that is read slowly is not gathered in memory', async () => {
    let written = 0
    const url = await serverOf((_, response) => {
      const chunk = Buffer.alloc(64 * 1024)
      const more = () => {
        do written += chunk.length
        while (response.write(chunk) && written < 500_000_000)
      }
      response.on('drain', more)
      more()
    })
    const controller = new AbortController()
    const response = await send(`${url}/a`, request({ signal: controller.signal }))
    await response.body?.getReader().read()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(written).toBeLessThan(100_000_000)
    controller.abort(new Error('enough'))
  })
})

describe('a connection', () => {
  test('is kept for the next call', async () => {
    const ports = new Set<number | undefined>()
    const url = await serverOf((incoming, response) => {
      ports.add(incoming.socket.remotePort)
      response.end('{"configs":[]}')
    })
    const client = createClient({ serverUrl: url })
    for (let n = 0; n < 5; n++) await client.config().list()
    // It is free again a turn after its response: two take turns.
    expect(ports.size).toBeLessThanOrEqual(2)
    await client.close()
  })

  test('that the server has closed meanwhile costs a call nothing', async () => {
    await using server = await rawServer((socket) => socket.write(document(), () => setTimeout(() => socket.end(), 5)))
    const client = createClient({ serverUrl: server.url, retry: false })
    for (let n = 0; n < 5; n++) {
      expect(await client.config().get('limits')).toMatchObject({ revision: 1 })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await client.close()
  })

  test('that is reset when it is used again is worth another attempt, with the same idempotency key', async () => {
    const keys: Array<string | undefined> = []
    const written = http('200 OK', { 'content-type': 'application/json', 'content-length': '14' }, '{"revision":9}')
    await using server = await rawServer((socket, request) => {
      keys.push(/idempotency-key: (.+)\r\n/.exec(request)?.[1])
      // The second request meets a connection that is over.
      if (keys.length === 2) socket.resetAndDestroy()
      else socket.write(written)
    })
    const client = createClient({ serverUrl: server.url, retry: { baseDelayMs: 1 } })
    const bucket = client.kv().bucket('b')
    await bucket.put('k', 1)
    expect(await bucket.put('k', 2)).toEqual({ revision: 9 })
    expect([keys.length, keys[1], typeof keys[1]]).toEqual([3, keys[2], 'string'])
    await client.close()
  })

  test('is left to no one who does not respond to it: a call has its time', async () => {
    const peers: Socket[] = []
    const silent = createTcp((peer) => void peers.push(peer.on('error', () => undefined)))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    const client = createClient({ serverUrl: `http://127.0.0.1:${port}`, timeoutMs: 100 })
    await expect(client.config().list()).rejects.toMatchObject({ code: 'timeout' })
    await client.close()
    for (const peer of peers) peer.destroy()
    await noSocketLeft()
    await new Promise((resolve) => silent.close(resolve))
  })
})
