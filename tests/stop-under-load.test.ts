import { expect, it } from 'vitest'
import { loadThroughStops } from './support/load-through-stops'

it.each(['websocket', 'auto'] as const)(
  'calls that graceful stops fall into are made once (%s)',
  async (transport) => {
    const { calls, ...wrong } = await loadThroughStops(3, 150, { transport })
    expect(calls).toBeGreaterThan(450)
    expect(wrong).toEqual({ twice: [], overwriting: [], conflicts: [], lost: [] })
  },
  60_000,
)
