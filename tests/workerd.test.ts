import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorker, type WorkerProcess } from './support/workerd'
import { useWorld } from './support/world'

const world = useWorld()
let worker: WorkerProcess

/** Reads, writes and follows a document, over the transport that the address names. */
const WORKER = `
import { ConnectionError, createClient } from '@ironflow/node'

export default {
  async fetch(request, { SERVER_URL: serverUrl, API_KEY: apiKey }) {
    const transport = new URL(request.url).searchParams.get('transport')
    globalThis.WebSocket = SOCKETS[transport] ?? WebSocket
    const client = createClient({ serverUrl, apiKey, timeoutMs: 5000, transport: KINDS.includes(transport) ? transport : 'auto' })
    try {
      const seats = []
      const name = 'of-' + transport
      await client.config().set(name, { seats: 1 })
      const both = Promise.withResolvers()
      const watcher = client.config().watch(name, {
        onUpdate({ data }) {
          seats.push(data.seats)
          if (data.seats === 2) both.resolve()
        },
      })
      await watcher.ready
      const status = client.status()
      await client.config().patch(name, { seats: 2 })
      await both.promise
      const bad = createClient({ serverUrl: 'http://127.0.0.1:1', retry: false })
      const error = await bad.config().get(name).catch((error) => error)
      const { data } = await client.config().get(name)
      return Response.json({
        data,
        seats,
        transport: status.transport,
        reason: status.transportReason,
        error: [error instanceof ConnectionError, error.message],
      })
    } finally {
      await client.close()
    }
  },
}
const KINDS = ['websocket', 'sse', 'poll']
const { WebSocket } = globalThis
const SOCKETS = {
  refused: class { constructor() { throw new Error('not in here') } },
}
`

beforeAll(async () => {
  worker = await startWorker(WORKER, { SERVER_URL: world.server.url, API_KEY: `${world.server.apiKey}` })
}, 120_000)

afterAll(() => worker?.[Symbol.asyncDispose]())

it.each([
  ['auto', 'websocket', undefined],
  ['websocket', 'websocket', undefined],
  ['sse', 'sse', undefined],
  ['poll', 'poll', undefined],
  ['refused', 'sse', 'the WebSocket could not be opened: not in here'],
])('a worker reads, writes and follows with transport %s', async (option, transport, reason) => {
  const response = await fetch(`${worker.url}/?transport=${option}`)
  expect(await response.json()).toEqual({
    data: { seats: 2 },
    seats: [1, 2],
    transport,
    reason,
    error: [true, expect.stringMatching(/^cannot reach http:\/\/127\.0\.0\.1:1 \(serverUrl\): ./)],
  })
})
