import { createClient } from '@ironflow/node'
import { startServer } from '../../../scripts/server-process.mjs'
import { fill } from '../data.mjs'
import { residentMb } from '../processes.mjs'

const COUNT = 100_000
const TARGET_MS = 3000
const TARGET_MB = 50

/** Listing 100,000 keys through the SDK, and what that costs the server in memory meanwhile. */
export async function listing() {
  const server = await startServer()
  try {
    await fill(server, 'many', COUNT)
    const before = await residentMb(server.pid)
    let peak = before
    const watch = setInterval(async () => {
      peak = Math.max(peak, await residentMb(server.pid))
    }, 20)
    const client = createClient({ serverUrl: server.url, apiKey: server.apiKey })
    const from = performance.now()
    const keys = await client.kv().bucket('many').listKeys()
    const ms = performance.now() - from
    clearInterval(watch)
    if (keys.length !== COUNT) throw new Error(`listed ${keys.length} keys instead of ${COUNT}`)
    const grownMb = Math.max(0, peak - before)
    return [
      {
        name: 'listing 100,000 keys through the SDK',
        value: ms,
        unit: 'ms',
        against: `${TARGET_MS} ms`,
        ratio: ms / TARGET_MS,
        target: '<= 1',
        pass: ms <= TARGET_MS,
      },
      {
        name: "growth of the server's memory meanwhile",
        value: grownMb,
        unit: 'MB',
        against: `${TARGET_MB} MB`,
        ratio: grownMb / TARGET_MB,
        target: '<= 1',
        pass: grownMb <= TARGET_MB,
      },
    ]
  } finally {
    await server.stop()
  }
}
