import { renderToString } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import { metricOf } from './support/metric'
import { seatsPage } from './support/react-page'
import { useWorld } from './support/world'

const world = useWorld()

const watchers = () => metricOf(world, 'ironflow_watchers')

it('pages rendered on a server share one watch, show its value once it is there, and leave nothing open', async () => {
  const client = world.client()
  await client.config().set('limits', { seats: 5 })
  const first = Array.from({ length: 20 }, () => renderToString(seatsPage(client, 3)))
  expect(new Set(first)).toEqual(new Set(['<p>loading</p><p>loading</p><p>loading</p>']))
  await vi.waitFor(async () => expect(await watchers()).toBe(1), { timeout: 3_000 })
  expect(await client.config().live('limits').ready()).toEqual({ state: 'live' })
  expect(renderToString(seatsPage(client, 3))).toBe('<p>5 seats</p><p>5 seats</p><p>5 seats</p>')
  await vi.waitFor(async () => expect(await watchers()).toBe(0), { timeout: 10_000 })
  expect(client.status().state).toBe('idle')
})
