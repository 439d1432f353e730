import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { broadcast } from './rows/broadcast.mjs'
import { browserSize } from './rows/browser-size.mjs'
import { durableWrites } from './rows/durable-writes.mjs'
import { idleLatency } from './rows/idle-latency.mjs'
import { kvReads } from './rows/kv-reads.mjs'
import { listing } from './rows/listing.mjs'
import { liveRead } from './rows/live-read.mjs'
import { manyWatchers } from './rows/many-watchers.mjs'
import { resync } from './rows/resync.mjs'
import { sdkReads } from './rows/sdk-reads.mjs'
import { slowDisk } from './rows/slow-disk.mjs'
import { socketCalls } from './rows/socket-calls.mjs'
import { startup } from './rows/startup.mjs'
import { printTable, round } from './table.mjs'

const ROWS = {
  kvReads,
  durableWrites,
  sdkReads,
  listing,
  startup,
  slowDisk,
  broadcast,
  manyWatchers,
  idleLatency,
  resync,
  socketCalls,
  liveRead,
  browserSize,
}

/** Programs the rows need, and the Debian packages that have them. */
const PROGRAMS = { wrk: 'wrk', etcd: 'etcd-server', strace: 'strace' }

const missing = Object.keys(PROGRAMS).filter((name) => spawnSync('which', [name]).status !== 0)
if (missing.length > 0) {
  console.error(
    `The benchmark needs ${missing.join(', ')}: apt-get install ${missing.map((name) => PROGRAMS[name]).join(' ')}`,
  )
  process.exit(2)
}

const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length)
if (only !== undefined && !Object.hasOwn(ROWS, only)) {
  console.error(`There is no row "${only}": the rows are ${Object.keys(ROWS).join(', ')}`)
  process.exit(2)
}
const quick = process.argv.includes('--quick')
const effort = quick ? { seconds: 2, rounds: 1 } : { seconds: 6, rounds: 5 }

const rows = []
for (const [name, measure] of Object.entries(ROWS)) {
  if (only && only !== name) continue
  console.log(`measuring ${name} …`)
  rows.push(...(await measure(effort)))
}
console.log()
printTable(rows)
// A part of the table, or a hasty one, is not the result.
if (!only && !quick) {
  const file = fileURLToPath(new URL('../results.json', import.meta.url))
  const written = rows.map((row) => ({ ...row, value: round(row.value), ratio: round(row.ratio) }))
  await writeFile(file, `${JSON.stringify(written, null, 2)}\n`)
}
