import { createClient } from '@ironflow/node'
import { startServer } from '../../../scripts/server-process.mjs'
import { inTurns } from '../table.mjs'

const READS = 20_000_000

/** Reading one field of a live document, against reading it from an object in a `Map`. */
export async function liveRead({ rounds }) {
  const server = await startServer()
  const client = createClient({ serverUrl: server.url, apiKey: server.apiKey })
  try {
    await client.config().set('limits', { seats: 3 })
    const live = client.config().live('limits')
    await live.ready()
    const map = new Map([['limits', { data: { seats: 3 } }]])
    const readLive = () => live.getSnapshot().data.seats
    const readMap = () => map.get('limits').data.seats
    const nanoseconds = (read) => async () => {
      const from = process.hrtime.bigint()
      // Added up, and looked at: what nobody uses is not computed.
      let seats = 0
      for (let n = 0; n < READS; n += 1) seats += read()
      if (seats !== 3 * READS) throw new Error(`read ${seats} seats`)
      return Number(process.hrtime.bigint() - from) / READS
    }
    await nanoseconds(readLive)()
    await nanoseconds(readMap)()
    const { value, other, ratio } = await inTurns(rounds, nanoseconds(readLive), nanoseconds(readMap))
    return [
      {
        name: 'reading a live document',
        value,
        unit: 'ns',
        against: `${other.toFixed(2)} ns of Map.get`,
        ratio,
        target: '<= 4',
        pass: ratio <= 4,
      },
    ]
  } finally {
    await client.close()
    await server.stop()
  }
}
