// Uses the client as an application does, on whatever Node.js runs this: a call and a watch over each transport, against
// the server in IRONFLOW_SERVER_URL. Copied by check-packages.mjs to where the packages are installed.
import { createClient } from '@ironflow/node'

for (const transport of ['auto', 'websocket', 'sse', 'poll']) {
  const client = createClient({ transport, timeoutMs: 20_000 })
  const config = client.config()
  const limits = config.live(`smoke-${transport}`, { signal: AbortSignal.timeout(20_000) })
  await limits.ready
  const changed = new Promise((resolve) => limits.subscribe(resolve))
  await config.set(`smoke-${transport}`, { seats: process.version })
  await changed
  const { seats } = limits.getSnapshot().data
  if (seats !== process.version) throw new Error(`${transport}: followed to ${seats}`)
  console.log(`Node.js ${process.version} follows a document by ${client.status().transport} (${transport})`)
  await client.close()
}
