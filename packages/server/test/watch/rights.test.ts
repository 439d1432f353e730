import { expect, test } from 'vitest'
import type { Principal } from '../../src/domain/principal'
import { parseScope, type Scope } from '../../src/domain/scopes'
import { settle } from '../support/recording-sink'
import { WatchWorld } from './watch-world'

const withScopes = (...scopes: string[]): Principal => ({
  id: 'key',
  role: 'viewer',
  scopes: scopes.map((scope) => parseScope(scope) as Scope),
})
const EVENTS = { id: 'e', kind: 'events', target: 'system.config.>' } as const

test.each([
  ['config', 'app-web', 'read:config:app-*', true],
  ['config', 'billing', 'read:config:app-*', false],
  ['config', 'app-web', 'write:config:app-web', false],
  ['kv', 'sessions', 'read:kv:sessions', true],
  ['kv', 'sessions', 'read:config:sessions', false],
  ['events', 'system.config.*.updated', 'read:config:a', true],
  ['events', 'system.config.*.updated', 'read:kv:a', false],
] as const)('%s %s may be watched with %s: %s (W17)', async (kind, target, scope, allowed) => {
  const world = new WatchWorld()
  const watch = world.watch([{ id: 's', kind, target }], { principal: withScopes(scope) })
  if (allowed) expect((await watch).types('s')).toEqual(['synced'])
  else await expect(watch).rejects.toMatchObject({ code: 'unauthorized' })
})

test('of events only those come whose document the key may read, also from before (W17)', async () => {
  const world = new WatchWorld()
  const principal = withScopes('read:config:app-*')
  const first = await world.watch([EVENTS], { principal })
  for (const name of ['app-web', 'billing']) await world.set(name, {})
  const again = await world.watch([{ ...EVENTS, cursor: first.last('synced').cursor }], { principal })
  for (const sink of [first, again]) {
    expect(sink.of('e').flatMap((frame) => ('topic' in frame ? [frame.topic] : []))).toEqual([
      'system.config.app-web.updated',
    ])
  }
})

test('a key that may less from now on loses what it may not (W17, W18)', async () => {
  const world = new WatchWorld()
  const sink = await world.watch(
    [
      { id: 'a', kind: 'kv', target: 'a' },
      { id: 'b', kind: 'kv', target: 'b' },
    ],
    { principal: withScopes('read:kv:*') },
  )
  if (sink.session) sink.session.principal = withScopes('read:kv:a')
  expect(sink.of('b').at(-1)).toMatchObject({ type: 'error', code: 'unauthorized' })
  await world.put('k', 1, 'a')
  await world.put('k', 1, 'b')
  await settle()
  expect(sink.types('a')).toEqual(['synced', 'kv_update'])
  expect(sink.types('b')).toEqual(['synced', 'error'])
})

test('another environment is another world (W3)', async () => {
  const world = new WatchWorld()
  const sink = await world.watch([{ id: 's', kind: 'kv', target: 'b' }, EVENTS])
  await world.engine.put('APP_staging_b', 'k', { encoding: 'text', text: '1' })
  await world.engine.put('APP_staging_SYS_config', 'limits', { encoding: 'json', text: '{}' })
  await settle()
  expect(sink.frames.map(({ type }) => type)).toEqual(['synced', 'synced'])
})
