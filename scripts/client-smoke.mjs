// Uses the client as an application does, on whatever Node.js runs this: a call and a watch over each transport, against
// the server in IRONFLOW_SERVER_URL. Copied by check-packages.mjs to where the packages are installed.
import { createClient } from '@ironflow/node'

for (const transport of ['auto', 'websocket', 'sse', 'poll']) {
  const client = createClient({ transport, timeoutMs: 20_000 })
  const config = client.config()
  const limits = config.live(`smoke-${transport}`, { fallback: { seats: 'none' } })
  const { state, error } = await limits.ready({ timeoutMs: 20_000 })
  if (state !== 'fallback' || error.code !== 'not_found')
    throw new Error(`${transport}: is ${state}: ${error?.message}`)
  const changed = new Promise((resolve, reject) => {
    limits.subscribe(() => limits.getSnapshot().data.seats === process.version && resolve())
    AbortSignal.timeout(20_000).addEventListener('abort', () => reject(new Error(`${transport}: does not follow`)))
  })
  await config.set(`smoke-${transport}`, { seats: process.version })
  await changed
  console.log(`Node.js ${process.version} follows a document by ${client.status().transport} (${transport})`)
  await client.close()
}
