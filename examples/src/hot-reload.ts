// Hot reload: a worker whose settings change while it works, without a restart.
// Run: IRONFLOW_SERVER_URL=http://localhost:9123 npx tsx src/hot-reload.ts
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '@ironflow/node'

interface WorkerSettings {
  batchSize: number
  pauseMs: number
}

const DEFAULTS: WorkerSettings = { batchSize: 2, pauseMs: 50 }
const JOBS = 40

await using client = createClient()
await client.config().delete('worker')

// The newest content of the document, in memory: reading it makes no call, so read it wherever it is needed.
const live = client.config().live<Partial<WorkerSettings>>('worker', { fallback: {} })
const settings = (): WorkerSettings => ({ ...DEFAULTS, ...live.getSnapshot().data })
// A subscriber keeps it up to date; without one it follows only for as long as it is read.
live.subscribe(() => console.log(`  revision ${live.getSnapshot().revision} of the settings:`, settings()))
const { state } = await live.ready()
console.log(`no settings are written yet (${state}), so the defaults count:`, settings())

/** Somebody else, with a client of their own: a colleague with a terminal, a page, another service. */
async function tune(fields: Partial<WorkerSettings>): Promise<void> {
  await using colleague = createClient()
  await colleague.config().patch('worker', fields)
}

let done = 0
let batches = 0
while (done < JOBS) {
  const { batchSize, pauseMs } = settings()
  done = Math.min(done + batchSize, JOBS)
  batches += 1
  console.log(`batch ${batches}: ${done} of ${JOBS} jobs are done`)
  if (batches === 2) await tune({ batchSize: 5 })
  if (batches === 5) await tune({ batchSize: 10, pauseMs: 10 })
  await delay(pauseMs)
}

if (batches === JOBS / DEFAULTS.batchSize) throw new Error('the worker did not notice that its settings changed')
console.log(`${batches} batches; with the defaults it had been ${JOBS / DEFAULTS.batchSize}`)
