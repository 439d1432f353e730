import type { ServerFrame, Subscription } from '@ironflow/core/protocol'
import { expect, test, vi } from 'vitest'
import { DEFAULTS } from '../../src'
import { ANYBODY } from '../../src/domain/principal'
import { WatchStats } from '../../src/observe/watch-stats'
import { Turns } from '../../src/turns'
import { Hub } from '../../src/watch/hub'
import { Session } from '../../src/watch/session'
import { openForTest, openIn, temporaryDirectory, text } from '../engine/sqlite/store-directory'
import { RecordingSink, settle } from '../support/recording-sink'
import { FoldingClient } from './folding-client'

const BUCKET = 'APP_default_b'
const KV: Subscription = { id: 's', kind: 'kv', target: 'b' }

/** Here another thread writes: what can be read and what is told are not in step. */
test('while another thread commits, a watcher that is cut again and again ends with the store (W6)', async () => {
  const engine = await openForTest(await temporaryDirectory())
  const hub = new Hub(engine)
  const limits = { ...DEFAULTS.limits, watchQueueKeys: 5 }
  const parts = { engine, hub, turns: new Turns(), limits, stats: new WatchStats(), heartbeatMs: 1_000, now: Date.now }
  const client = new FoldingClient('s')
  let session: Session | undefined
  let sink = new RecordingSink('in-process', 2_000)
  let taken = 0
  const connect = () => {
    session?.end()
    sink = new RecordingSink('in-process', 2_000)
    taken = 0
    session = new Session(parts, { environment: 'default', principal: ANYBODY, keyHash: undefined, sink }, () => {})
    sink.session = session
    client.connect()
    session.subscribe({ ...KV, cursor: client.cursor })
  }
  const read = () => {
    const frames: ServerFrame[] = sink.frames.slice(taken)
    taken += frames.length
    for (const frame of frames) client.take(frame)
    sink.take()
  }
  connect()
  let isWriting = true
  const writers = [0, 1, 2].map(async (writer) => {
    for (let n = 0; n < 400; n++) {
      const key = `k.${(n * 7 + writer) % 50}`
      if (n % 5 === 4) await engine.delete(BUCKET, key)
      else await engine.put(BUCKET, key, text(`${writer} ${n}`))
      if (writer === 0 && n % 150 === 149) await engine.deleteBucket(BUCKET)
    }
  })
  const all = Promise.all(writers).then(() => {
    isWriting = false
  })
  for (let round = 0; isWriting; round++) {
    await settle()
    if (round % 3 === 0) read()
    if (round % 7 === 0) connect()
    if (round % 11 === 0) session?.beat()
  }
  await all
  const { entries } = await engine.entries(BUCKET, { limit: 1_000, values: true })
  const wanted = entries.map(({ key, revision, value }) => [
    key,
    { revision, value: value?.encoding === 'text' && value.text },
  ])
  expect(entries.length).toBeGreaterThan(10)
  // What was acknowledged is told a little later, when the other thread says so.
  await vi.waitFor(
    () => {
      read()
      expect(client.isSynced).toBe(true)
      expect(Object.fromEntries(client.state)).toEqual(Object.fromEntries(wanted))
    },
    { timeout: 10_000, interval: 5 },
  )
  session?.end()
})

test('a cursor outlives the server (W11)', async () => {
  const directory = await temporaryDirectory()
  const watch = async (engine: Awaited<ReturnType<typeof openIn>>, cursor: string | undefined) => {
    const sink = new RecordingSink()
    const stats = new WatchStats()
    const { limits } = DEFAULTS
    const parts = { engine, hub: new Hub(engine), turns: new Turns(), limits, stats, heartbeatMs: 1_000, now: Date.now }
    const session = new Session(
      parts,
      { environment: 'default', principal: ANYBODY, keyHash: undefined, sink },
      () => {},
    )
    session.subscribe({ ...KV, cursor })
    await settle()
    return sink
  }
  const before = await openIn(directory)
  await before.put(BUCKET, 'kept', text('1'))
  await before.put(BUCKET, 'gone', text('1'))
  const { cursor } = (await watch(before, undefined)).last('synced')
  await before.delete(BUCKET, 'gone')
  await before.close()
  const after = await openForTest(directory)
  expect((await watch(after, cursor)).of('s')).toMatchObject([{ key: 'gone', operation: 'delete' }, { type: 'synced' }])
})
