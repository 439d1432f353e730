// Writes, reads and follows a document, and prints what came of it as JSON. Runs in Node.js, Bun and Deno.
import { createClient } from '@ironflow/node'

const [transport] = process.argv.slice(2)
const client = createClient({ transport })
const config = client.config()
await config.set(`of-${transport}`, { seats: 1 })
const seats = []
let reached
const both = new Promise((resolve) => {
  reached = resolve
})
const watcher = config.watch(`of-${transport}`, {
  onUpdate({ data }) {
    seats.push(data.seats)
    if (data.seats === 2) reached()
  },
})
await watcher.ready
await config.patch(`of-${transport}`, { seats: 2 })
await both
const refused = createClient({ serverUrl: 'http://127.0.0.1:1', retry: false })
const { code } = await refused
  .config()
  .list()
  .catch((error) => error)
console.log(JSON.stringify({ seats, transport: client.status().transport, code }))
await client.close()
