import { fetchEventSource } from '@microsoft/fetch-event-source'
import { EventSourcePolyfill } from 'event-source-polyfill'
import { EventSource } from 'eventsource'
import { createEventSource } from 'eventsource-client'
import ReconnectingEventSource from 'reconnecting-eventsource'
import { afterAll, describe, test, vi } from 'vitest'
import { type Front, startFront } from '../support/front'
import { useWorld } from '../support/world'

const world = useWorld({ args: ['--dev'] })

/** Hands on each event: its type and its data. */
type OnEvent = (type: string, data: string) => void

/** Opens a stream with a library; returns what closes it. */
type Open = (url: string, bucket: string, onEvent: OnEvent) => () => void

const TYPES = ['kv_update', 'synced', 'reset', 'error']

const one = (url: string, bucket: string) => `${url}/api/v1/kv/buckets/${bucket}/watch`
const session = (url: string, bucket: string) => ({
  url: `${url}/api/v1/watch`,
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
  body: JSON.stringify({ subscriptions: [{ id: 's', kind: 'kv', target: bucket }] }),
})

/** Listens to an object with the interface of the browser's `EventSource`. */
function listen(source: Pick<EventSource, 'addEventListener' | 'close'>, onEvent: OnEvent): () => void {
  for (const type of TYPES) {
    source.addEventListener(type, (event: Event) => 'data' in event && onEvent(type, String(event.data)))
  }
  return () => source.close()
}

const openFetchEventSource: Open = (url, bucket, onEvent) => {
  // It is for browsers, of which it needs no more than this.
  vi.stubGlobal('window', globalThis)
  vi.stubGlobal('document', { hidden: false, addEventListener() {}, removeEventListener() {} })
  const abort = new AbortController()
  const { url: target, ...init } = session(url, bucket)
  void fetchEventSource(target, {
    ...init,
    signal: abort.signal,
    fetch,
    openWhenHidden: true,
    onmessage: ({ event, data }) => onEvent(event, data),
    onerror: () => 50,
  })
  return () => {
    abort.abort()
    vi.unstubAllGlobals()
  }
}

const openEventSourceClient: Open = (url, bucket, onEvent) => {
  const onMessage = ({ event = 'message', data }: { event?: string | undefined; data: string }) => onEvent(event, data)
  const source = createEventSource({ ...session(url, bucket), onMessage })
  return () => source.close()
}

/** How the library says where it has got to, when it comes back. */
const header = ({ headers }: Front['requests'][number]) => headers['last-event-id']
const query = ({ url }: Front['requests'][number]) => new URL(url, 'http://localhost').searchParams.get('lastEventId')

const LIBRARIES: Record<string, { open: Open; idOf: typeof header | typeof query; stopsAfter503?: boolean }> = {
  eventsource: {
    open: (url, bucket, onEvent) => listen(new EventSource(one(url, bucket)), onEvent),
    idOf: header,
  },
  'event-source-polyfill': {
    open: (url, bucket, onEvent) => listen(new EventSourcePolyfill(one(url, bucket)), onEvent),
    idOf: query,
  },
  'reconnecting-eventsource': {
    open: (url, bucket, onEvent) => {
      const configuration = { eventSourceClass: EventSource as never, max_retry_time: 100 }
      return listen(new ReconnectingEventSource(one(url, bucket), configuration), onEvent)
    },
    idOf: query,
    // Then it makes another EventSource, which knows nothing of the first one's id but what is in its URL.
    stopsAfter503: true,
  },
  '@microsoft/fetch-event-source': { open: openFetchEventSource, idOf: header },
  'eventsource-client': { open: openEventSourceClient, idOf: header },
}

// One of the libraries writes there what it is about to mend.
const log = vi.spyOn(console, 'error').mockImplementation(() => {})
afterAll(() => log.mockRestore())

describe.concurrent.each(Object.entries(LIBRARIES))('%s', (name, { open, idOf, stopsAfter503 = false }) => {
  test('is told after a cut of a deletion that happened meanwhile (W9, W11)', async ({ expect, onTestFinished }) => {
    const front = await startFront(world.server.url)
    onTestFinished(() => front.close())
    const target = `clients-${name.replaceAll(/[^a-z-]/g, '')}`
    const bucket = world.client().kv().bucket(target)
    await bucket.put('kept', 1)
    await bucket.put('gone', 1)
    const events: string[] = []
    const close = open(front.url, target, (type, data) => {
      if (!TYPES.includes(type)) return
      const { key, operation, detail } = JSON.parse(data) as Record<string, string | undefined>
      events.push([type, operation, key, detail].filter(Boolean).join(' '))
    })
    onTestFinished(close)
    await vi.waitFor(() => expect(events).toEqual(['kv_update put gone', 'kv_update put kept', 'synced']))

    const asked = front.requests.length
    front.isUnavailable = stopsAfter503
    front.isDown = true
    if (stopsAfter503) {
      front.isDown = false
      await vi.waitFor(() => expect(front.requests.length).toBeGreaterThan(asked), { timeout: 10_000 })
    }
    await bucket.delete('gone')
    front.isUnavailable = false
    front.isDown = false

    await vi.waitFor(() => expect(events.slice(3)).toEqual(['kv_update delete gone', 'synced']), { timeout: 15_000 })
    expect(idOf(front.requests.at(-1) as Front['requests'][number])).toMatch(/^[a-z0-9]+-\d+-\d+$/)
  })
})
