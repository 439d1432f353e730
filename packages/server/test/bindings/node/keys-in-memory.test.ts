import { expect, test } from 'vitest'
import { hashOf } from '../../../src/domain/key-records'
import { serve } from '../../../src/node'
import { Harness } from '../../support/harness'
import { SocketClient } from '../../support/watch-clients'

/** The places in which an object, or anything that can be reached from it through members and entries, has the text. */
function placesOf(text: string, root: object): string[] {
  const found: string[] = []
  const seen = new Set<unknown>()
  const open: Array<[place: string, value: unknown]> = [['', root]]
  for (let next = open.pop(); next; next = open.pop()) {
    const [place, value] = next
    if (typeof value === 'string' && value.includes(text)) found.push(place)
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue
    seen.add(value)
    if (value instanceof Map) for (const [key, entry] of value) open.push([`${place}.key`, key], [`${place}.of`, entry])
    if (value instanceof Set) for (const entry of value) open.push([`${place}.entry`, entry])
    for (const [name, { value: member }] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
      open.push([`${place}.${name}`, member])
    }
  }
  return found
}

test('a server that knows a key, and whose client watches with it, keeps its hash and not the key', {
  timeout: 20_000,
}, async () => {
  const harness = new Harness()
  const listening = await serve(harness.server, { port: 0 })
  const key = await harness.key({ role: 'viewer' })
  const client = SocketClient.withKey(`${listening.url}/api/v1/ws`, key)
  try {
    await client.opened
    await client.until('welcome')
    client.send({ type: 'call', id: '1', method: 'config.list', params: {} })
    await client.until('reply')
    expect(harness.server.core.watching.size).toBe(1)
    expect(placesOf('welcome', { deep: [new Map([['a welcome', 1]])] })).toEqual(['.deep.0.key'])
    // For a moment the key itself is there, so that its hash need not be made for every request.
    await expect.poll(() => placesOf(key, harness.server), { timeout: 10_000 }).toEqual([])
    expect(placesOf(hashOf(key), harness.server)).not.toEqual([])
  } finally {
    client.socket.terminate()
    await listening.close()
  }
})
