// Sets a feature flag, or takes it away. Whoever follows the flags is told at once: the page of `npm start`, for one.
// Run: IRONFLOW_SERVER_URL=http://localhost:9123 npx tsx src/set-flag.ts new-checkout on
import { createClient } from '@ironflow/node'

const [name, state, ...rest] = process.argv.slice(2)
if (name === undefined || !['on', 'off', 'gone'].includes(state ?? '') || rest.length > 0) {
  console.error('usage: npx tsx src/set-flag.ts <flag> on|off|gone')
  process.exit(2)
}

await using client = createClient()
const flags = client.kv().bucket<boolean>('flags')
const { revision } = state === 'gone' ? await flags.delete(name) : await flags.put(name, state === 'on')
console.log(`${name} is ${state}, at revision ${revision}`)
