// A counter with optimistic locking: eight processes count at once, and no count is lost.
// Run: IRONFLOW_SERVER_URL=http://localhost:9123 npx tsx src/counter.ts
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createClient } from '@ironflow/node'

const PROCESSES = 8
const COUNTS = 25

await using client = createClient()
const counters = client.kv().bucket<number>('counters')

if (process.argv[2] === 'count') {
  // Read, add one, write only if nobody else wrote in between, else start over: that is modify().
  for (let n = 0; n < COUNTS; n += 1) await counters.modify('visits', (visits = 0) => visits + 1)
} else {
  await counters.purge('visits')
  const children = Array.from({ length: PROCESSES }, () => fork(fileURLToPath(import.meta.url), ['count']))
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]))
  const { value } = await counters.get('visits')
  console.log(`${PROCESSES} processes counted to ${COUNTS} each: ${value}`)
  if (codes.some((code) => code !== 0) || value !== PROCESSES * COUNTS) throw new Error('a count was lost')
}
