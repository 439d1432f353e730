import { expect, it } from 'vitest'
import { loadThroughStops } from '../support/load-through-stops'

it.each(['websocket', 'auto'] as const)('calls are made once through twelve graceful stops (%s)', async (transport) => {
  const { calls, ...wrong } = await loadThroughStops(12, 1_000, { transport })
  expect(calls).toBeGreaterThan(12_000)
  expect(wrong).toEqual({ twice: [], overwriting: [], conflicts: [], lost: [] })
})
