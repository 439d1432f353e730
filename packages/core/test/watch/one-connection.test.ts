import fc from 'fast-check'
import { expect, test } from 'vitest'
import { errorFor, invalid } from '../../src/errors/kinds'
import type { LifecycleSignal } from '../../src/platform'
import type { Watcher } from '../../src/watch/watcher'
import { settle } from '../fake-platform'
import { broken } from '../fake-transport'
import { cursor, value, watchWorld } from './world'

type World = ReturnType<typeof watchWorld>

/** Something that may happen to a client, with a number that says to what. */
type Happening = (
  context: { world: World; watchers: Array<Watcher<unknown>>; inCallbacks: Happening[] },
  n: number,
) => unknown

const onPeer = (does: (connection: World['connections'][number], n: number) => void): Happening => {
  return ({ world }, n) => {
    const connection = world.connections.at(-1)
    if (connection) does(connection, n)
  }
}
const signal =
  (sent: LifecycleSignal): Happening =>
  ({ world }) =>
    world.platform.signal(sent)
const pick = <T>(items: readonly T[], n: number): T | undefined => items[n % Math.max(1, items.length)]

const HAPPENINGS: Record<string, Happening> = {
  watch: (context) => {
    const happens = () => context.inCallbacks.shift()?.(context, 1)
    context.watchers.push(context.world.bucket.watch({ onUpdate: happens, onStatus: happens, onError: happens }))
  },
  stop: ({ watchers }, n) => pick(watchers, n)?.stop(),
  call: ({ world }) =>
    void world.client
      .config()
      .get('limits')
      .catch(() => undefined),
  wake: signal({ type: 'wake' }),
  network: signal({ type: 'network' }),
  hide: signal({ type: 'pause', reason: 'hidden' }),
  show: signal({ type: 'resume', reason: 'hidden' }),
  freeze: signal({ type: 'pause', reason: 'frozen' }),
  thaw: signal({ type: 'resume', reason: 'frozen' }),
  open: onPeer((connection) => connection.open()),
  sync: onPeer((connection) => connection.openInSync()),
  value: onPeer((connection, n) => connection.receive(value('k', n, n, pick(connection.asked, n)?.id))),
  reset: onPeer((connection, n) =>
    connection.receive({ type: 'reset', sub: pick(connection.asked, n)?.id, reason: 'epoch_changed' }),
  ),
  heartbeat: onPeer((connection, n) => connection.receive({ type: 'heartbeat', cursors: { '1': cursor(n) } })),
  goodbye: onPeer((connection, n) => connection.receive({ type: 'goodbye', retryAfterMs: n * 100 })),
  refuseOne: onPeer((connection, n) =>
    connection.receive({ type: 'error', sub: pick(connection.asked, n)?.id, code: 'unauthorized', detail: 'no' }),
  ),
  endOne: onPeer((connection, n) =>
    connection.receive({
      type: 'error',
      sub: pick(connection.asked, n)?.id ?? '0',
      code: 'invalid_request',
      detail: 'no',
    }),
  ),
  endAll: onPeer((connection) => connection.receive({ type: 'error', code: 'unauthenticated', detail: 'revoked' })),
  break: onPeer((connection) => connection.end(broken())),
  refuse: onPeer((connection) => connection.end(errorFor('unauthenticated', 'no such key'))),
  reject: onPeer((connection, n) => connection.end(invalid({ [`subscriptions.${n}`]: 'no' }))),
  takeNoMore: onPeer((connection) => {
    connection.takesMore = false
  }),
  close: ({ world }, n) => n % 4 === 0 && world.client.close(),
}

const happening = fc.constantFrom(...Object.keys(HAPPENINGS))
const step = fc.record({
  happens: happening,
  n: fc.nat(30),
  /** Milliseconds that pass before the next one; 0: in the same go. */
  thenMs: fc.oneof(fc.constant(0), fc.constant(1), fc.integer({ min: 1, max: 400_000 })),
})

test('there are never two connections, and none and nothing else when it is over (W20)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 60 }),
      fc.array(happening, { maxLength: 10 }),
      fc.boolean(),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.boolean(),
      async (steps, inCallbacks, hasKeyFunction, chance, isClosed) => {
        const world = watchWorld(hasKeyFunction ? { apiKey: () => 'ifkey_1' } : {})
        const { client, platform, transport } = world
        platform.chance = chance
        const of = (name: string) => HAPPENINGS[name] as Happening
        const context = { world, watchers: [] as Array<Watcher<unknown>>, inCallbacks: inCallbacks.map(of) }
        for (const { happens, n, thenMs } of steps) {
          of(happens)(context, n)
          if (thenMs > 1) await platform.advance(thenMs)
          else if (thenMs === 1) await settle()
        }
        context.inCallbacks.length = 0
        if (isClosed) await client.close()
        else for (const watcher of context.watchers) watcher.stop()
        await settle()
        expect(transport.mostAtOnce).toBeLessThanOrEqual(1)
        expect(transport.open).toEqual([])
        expect(platform.timers.size).toBe(0)
        expect(platform.lifecycleListeners.size).toBe(0)
      },
    ),
    { numRuns: 500 },
  )
}, 60_000)
