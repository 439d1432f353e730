// Uses the client as an application does, on whatever JavaScript runtime runs this, against the server in
// IRONFLOW_SERVER_URL: documents, values, a watch over each transport, and the error of a server that is not there.
// Prints what works, as JSON.
import { createClient } from '@ironflow/node'

const TRANSPORTS = ['websocket', 'sse', 'poll']

const works = {}
for (const transport of TRANSPORTS) {
  const client = createClient({ transport, timeoutMs: 20_000 })
  const name = `newcomer-${transport}-${Math.random().toString(36).slice(2)}`

  const config = client.config()
  await config.set(name, { seats: 5 })
  works.config = (await config.get(name)).data.seats === 5

  const bucket = client.kv().bucket('newcomers')
  await bucket.put(name, 'hello')
  works.kv = (await bucket.get(name)).value === 'hello'

  let changed
  const change = new Promise((resolve) => {
    changed = resolve
  })
  const watcher = config.watch(name, { onUpdate: ({ data }) => data.seats === 6 && changed() })
  await watcher.ready
  await config.set(name, { seats: 6 })
  await change
  works[transport] = client.status().transport === transport
  await client.close()
}
const nowhere = createClient({ serverUrl: 'http://127.0.0.1:1', retry: false })
works.errors = await nowhere
  .config()
  .list()
  .catch(({ code }) => code === 'connection_failed')
await nowhere.close()
console.log(JSON.stringify(works))
