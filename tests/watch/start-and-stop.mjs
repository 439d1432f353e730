// Run by leaks.test.ts, in a process of its own: starts and stops many watches, tells what is left, closes the client,
// and ends by itself where nothing keeps it.
import { getEventListeners, setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { createClient } from '@ironflow/node'

const [transport, count] = process.argv.slice(2)
const BATCH = 100
const PATIENCE_MS = 6_000

const client = createClient({ transport })
const bucket = client.kv().bucket('leaks')
// One that stays, so that the connection does.
await bucket.watch().ready
const { signal } = new AbortController()
setMaxListeners(BATCH, signal)
const left = () => ({
  listeners: getEventListeners(signal, 'abort').length,
  timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  sockets: process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length,
})

const before = left()
for (let n = 0; n < count; n += BATCH) {
  const watchers = Array.from({ length: BATCH }, (_, index) => bucket.watch({}, { key: `k${index}`, signal }))
  // Every other one before anybody was told of it.
  for (const watcher of watchers.filter((_, index) => index % 2 === 0)) watcher.stop()
  const others = watchers.filter((_, index) => index % 2 === 1)
  await Promise.all(others.map(({ ready }) => ready))
  for (const watcher of others) watcher.stop()
}
// One more, which is in sync when the server has dealt with what came before it.
await bucket.watch().ready
let after = left()
// Node.js itself closes a connection that is not needed any more a moment later.
for (const end = Date.now() + PATIENCE_MS; !isDeepStrictEqual(after, before) && Date.now() < end; after = left()) {
  await setTimeout(20)
}
process.stdout.write(JSON.stringify({ before, after }))
await new Promise((resolve) => process.stdin.once('data', resolve))
process.stdin.destroy()
await client.close()
