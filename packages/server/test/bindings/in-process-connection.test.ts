import type { ServerFrame } from '@ironflow/core/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { inProcessTransport } from '../../src'
import { ADMIN_KEY, type Harness } from '../support/harness'
import { closeAll, start, Told } from '../support/in-process'
import { settle } from '../support/recording-sink'

afterEach(closeAll)

describe('a connection', () => {
  /** A connection without a client, in sync with bucket `b`, which is there and empty. */
  const opened = async (harness: Harness) => {
    await put(harness)
    await harness.engine.delete('APP_default_b', 'a')
    const frames = new Told<ServerFrame>()
    const ends = new Told<unknown>()
    const connection = inProcessTransport(harness.server, { apiKey: ADMIN_KEY }).connect({
      environment: undefined,
      subscriptions: () => [{ id: '1', kind: 'kv', target: 'b' }],
      begun: () => undefined,
      frame: frames.take,
      ended: ends.take,
    })
    const types = () => frames.events.map(({ type }) => type)
    await frames.until(2)
    expect(types()).toEqual(['welcome', 'synced'])
    return { connection, frames, ends, types }
  }
  const put = ({ engine }: Harness) => engine.put('APP_default_b', 'a', { encoding: 'json', text: '1' })

  test('tells nothing while the writer is still at it: a callback is no part of a commit', async () => {
    const harness = start()
    const { frames, types } = await opened(harness)
    const written = put(harness)
    expect(frames.events).toHaveLength(2)
    await written
    await frames.until(3)
    expect(types()).toEqual(['welcome', 'synced', 'kv_update'])
  })

  test('tells nothing after it was closed, also of what was on its way', async () => {
    const harness = start()
    const { connection, frames, ends } = await opened(harness)
    const written = put(harness)
    connection.close()
    connection.close()
    await written
    await settle()
    expect([frames.events.length, ends.events]).toEqual([2, []])
  })

  test('that is closed while it opens leaves no session behind', async () => {
    const { server } = start()
    const transport = inProcessTransport(server, { apiKey: ADMIN_KEY })
    const nothing = () => undefined
    for (let turns = 0; turns < 20; turns++) {
      const session = {
        environment: undefined,
        subscriptions: () => [],
        begun: nothing,
        frame: nothing,
        ended: nothing,
      }
      const connection = transport.connect(session)
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      connection.close()
      await settle()
      expect(server.core.watching.size, `closed after ${turns} turns`).toBe(0)
    }
  })

  test('that the server ends tells all that was said before, and then nothing more', async () => {
    const harness = start()
    const { connection, frames, ends, types } = await opened(harness)
    const written = put(harness)
    harness.server.drain()
    await written
    expect(await ends.until(1)).toMatchObject([{ error: { code: 'connection_failed', retryable: true } }])
    expect(types()).toEqual(['welcome', 'synced', 'kv_update', 'goodbye'])
    expect(connection.send({ type: 'subscribe', id: '2', kind: 'kv', target: 'c' })).toBe(true)
    await settle()
    expect([frames.events.length, ends.events.length]).toEqual([4, 1])
  })

  test('tells nothing more of what is not watched any more', async () => {
    const harness = start()
    const { connection, frames } = await opened(harness)
    connection.send({ type: 'subscribe', id: '2', kind: 'kv', target: 'b' })
    await frames.until(3)
    connection.send({ type: 'unsubscribe', id: '1' })
    await put(harness)
    await frames.until(4)
    await settle()
    expect(frames.events.slice(2)).toMatchObject([
      { type: 'synced', sub: '2' },
      { type: 'kv_update', sub: '2' },
    ])
  })
})
