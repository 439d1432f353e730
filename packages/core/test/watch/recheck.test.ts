import { expect, test } from 'vitest'
import { errorFor } from '../../src/errors/kinds'
import { Credentials } from '../../src/transport/credentials'
import { Dialer } from '../../src/transport/dialer'
import type { TransportKind } from '../../src/transport/select'
import { KV } from '../../src/watch/kv-kind'
import { Loop } from '../../src/watch/loop'
import { Session } from '../../src/watch/session'
import { FakePlatform, settle } from '../fake-platform'
import { FakeConnection } from './world'

const RETRY = { maxAttempts: 4, baseDelayMs: 100, maxDelayMs: 30_000 }

/** A watch over `auto`, whose connections are the test's. */
async function auto() {
  const platform = new FakePlatform()
  const dialled: Array<{ kind: TransportKind; connection: FakeConnection }> = []
  const dialer = new Dialer(
    { leave: () => undefined, server: 'http://host', platform },
    undefined,
    10_000,
    (kind, session) => {
      const connection = new FakeConnection(session, platform.elapsed)
      dialled.push({ kind, connection })
      queueMicrotask(() => session.begun())
      return connection
    },
  )
  const errors: string[] = []
  const session = new Session(platform, RETRY, (error) => errors.push(error.code))
  const options = { environment: undefined, retry: RETRY, attemptTimeoutMs: 10_000 }
  const loop = new Loop(session, dialer, new Credentials(undefined), options, platform, () => undefined)
  const watcher = session.follow(KV, { target: 'b' }, () => undefined, {})
  await settle()
  return { platform, dialled, errors, loop, watcher }
}

test('a WebSocket that stays silent is followed at once by an event stream, which is no failure', async () => {
  const { dialled, errors, platform } = await auto()
  await platform.advance(5_000)
  expect(dialled.map(({ kind }) => kind)).toEqual(['websocket', 'sse'])
  expect(dialled[1]?.connection.madeAt).toBe(5_000)
  expect(errors).toEqual([])
})

test('an event stream that works makes way for a WebSocket after five minutes, once the old one is closed', async () => {
  const { dialled, platform, loop } = await auto()
  dialled[0]?.connection.end(errorFor('invalid_request', 'no upgrades here'))
  await platform.advance(0)
  const stream = dialled[1]?.connection
  stream?.openInSync()
  for (let passed = 0; passed < 295_000; passed += 5_000) {
    await platform.advance(5_000)
    stream?.receive({ type: 'heartbeat', cursors: {} })
  }
  expect(dialled).toHaveLength(2)
  await platform.advance(5_000)
  expect(dialled.map(({ kind }) => kind)).toEqual(['websocket', 'sse', 'websocket'])
  expect(stream?.isOver).toBe(true)
  dialled[2]?.connection.openInSync()
  loop.close()
  expect(platform.timers.size).toBe(0)
})
