// Following feature flags: what they are now, then every change. Three ways to be told.
// Run: IRONFLOW_SERVER_URL=http://localhost:9123 npx tsx src/watch-flags.ts
import { createClient } from '@ironflow/node'

await using client = createClient()
const flags = client.kv().bucket<boolean>('flags')
await flags.put('beta.search', false)
await flags.put('beta.checkout', false)

// 1. Callbacks. The current values come first, with `initial`; when they have all come, the watch is ready.
const watcher = flags.watch(
  {
    onUpdate: ({ key, operation, data, initial }) =>
      console.log(`  callback: ${key} ${initial ? 'is' : 'became'} ${operation === 'put' ? data : 'no flag'}`),
    onStatus: (status) => console.log(`  the watch is ${status.state}`),
  },
  { key: 'beta.*' },
)
await watcher.ready

console.log('somebody switches a flag on, and takes another one away:')
await using somebody = createClient()
const theirFlags = somebody.kv().bucket<boolean>('flags')
await theirFlags.put('beta.search', true)
await theirFlags.put('beta.export', true)
await theirFlags.delete('beta.export')

// 2. An iteration, for code that reads from top to bottom. Leaving the loop stops the watch.
console.log('wait until a flag is on:')
setTimeout(() => theirFlags.put('beta.checkout', true), 100)
for await (const { key, data } of flags.watch({}, { key: 'beta.checkout' })) {
  if (data !== true) continue
  console.log(`  iteration: ${key} is on, go`)
  break
}

// 3. Events are about everything of a kind, from now on: here, any config document. This one is iterated too; a callback
// as the second argument works as above.
console.log('follow all config documents:')
const events = client.events().subscribe('system.config.*.updated')
await events.ready
await somebody.config().patch('greeting', { text: 'Hello' })
for await (const { topic, revision } of events) {
  console.log(`  event: ${topic} at revision ${revision}`)
  break
}

// Closing the client stops its watches; to stop just one: watcher.stop().
