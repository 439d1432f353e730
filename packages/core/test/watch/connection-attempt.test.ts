import { describe, expect, test } from 'vitest'
import { HeartbeatMonitor } from '../../src/transport/heartbeat-monitor'
import type { ConnectionEnd, ConnectionSession, Transport } from '../../src/transport/transport'
import { TransportSelector } from '../../src/transport/transport-selector'
import { ConnectionAttempt } from '../../src/watch/connection-attempt'
import { broken } from '../fake-transport'
import { wire } from '../transport/wire'
import { synced, welcome } from './world'

/** An attempt over a transport that calls back whenever the test says so, also when it should not. */
function attempt(connect?: Transport['connect']) {
  const { link, platform } = wire({ apiKey: () => new Promise<string>(() => undefined) })
  const sessions: ConnectionSession[] = []
  const transport: Transport = {
    connect:
      connect ??
      ((session) => {
        sessions.push(session)
        return { send: () => true, close: () => undefined }
      }),
    call: () => Promise.reject(broken()),
    endpoint: () => 'fake',
    close: () => undefined,
  }
  const seen: string[] = []
  const ends: ConnectionEnd[] = []
  const options = { environment: undefined, transport, attemptTimeoutMs: 7_000 }
  const heartbeats = new HeartbeatMonitor(platform, (end) => ends.push(end))
  const opened = new ConnectionAttempt(link, options, new TransportSelector(transport, 7_000), heartbeats, {
    subscriptions: () => [],
    opened: () => seen.push('opened'),
    frame: ({ type }) => seen.push(type),
    failed: (end) => ends.push(end),
  })
  opened.open()
  const askForKey = () => void link.credentials.key(new AbortController().signal)
  return { attempt: opened, askForKey, ends, platform, seen, session: () => sessions[0] as ConnectionSession }
}

test('reports the first message before it reads it', () => {
  const { seen, session } = attempt()
  session().frame(synced(1))
  session().frame(synced(2))
  expect(seen).toEqual(['opened', 'synced', 'synced'])
})

test('calls nothing back after it was closed, whatever its transport does, and leaves no timer', () => {
  const { attempt: closed, ends, platform, seen, session } = attempt()
  closed.close()
  session().begun()
  session().frame(welcome())
  session().frame(synced(1))
  session().ended({ error: broken() })
  expect([seen, ends, platform.timers.size]).toEqual([[], [], 0])
})

test('fails with what its transport throws', () => {
  const { ends } = attempt(() => {
    throw new Error('no transport here')
  })
  expect(ends).toMatchObject([{ error: { message: 'no transport here' } }])
})

describe('where no message comes in time', () => {
  test('it is the server that is silent once it was asked, also while a call asks for a key', async () => {
    const { askForKey, ends, platform, session } = attempt()
    session().begun()
    askForKey()
    await platform.advance(7_000)
    expect(ends).toMatchObject([{ error: { message: 'nothing came within 7000 ms' }, isSilent: true }])
  })

  test('it is not the server that is silent as long as there is no key to ask it with', async () => {
    const { askForKey, ends, platform } = attempt()
    askForKey()
    await platform.advance(7_000)
    const message = 'the apiKey function did not return within 7000 ms'
    expect(ends).toMatchObject([{ error: { message }, isSilent: false }])
  })
})
