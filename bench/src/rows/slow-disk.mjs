import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@ironflow/node'
import { ROOT } from '../../../scripts/run.mjs'
import { fill, inParallel, keyOf, sampleValue } from '../data.mjs'
import { wrk } from '../load.mjs'
import { freePort, start, untilAnswers } from '../processes.mjs'

const DELAY_MS = 300
const TARGET_P99_MS = 50

/** A disk whose every fdatasync takes 300 ms more: reads must not notice, and no write may be answered before it. */
export async function slowDisk({ seconds }) {
  const directory = await mkdtemp(join(tmpdir(), 'ironflow-slow-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const bin = join(ROOT, 'packages/cli/bin/ironflow.js')
  const inject = ['-e', 'trace=fdatasync,fsync', '-e', `inject=fdatasync,fsync:delay_exit=${DELAY_MS * 1000}`]
  const serve = [process.execPath, bin, 'serve', '--port', String(port), '--data', directory]
  // `--seccomp-bpf`: only the traced calls stop the process, or reads would pay for being watched.
  const traced = start('strace', ['-D', '-f', '--seccomp-bpf', '-o', '/dev/null', ...inject, ...serve])
  try {
    await untilAnswers(`${url}/ready`, 60_000)
    const { key: apiKey } = JSON.parse(await readFile(join(directory, 'bootstrap-key.json'), 'utf8'))
    await fill({ url, apiKey }, 'users', 512)
    const client = createClient({ serverUrl: url, apiKey })
    const bucket = client.kv().bucket('users')
    let earliest = Number.POSITIVE_INFINITY
    let writing = true
    const writes = inParallel(8, 8, async (lane) => {
      for (let n = lane; writing; n += 8) {
        const from = performance.now()
        await bucket.put(keyOf(n % 512), sampleValue(n))
        earliest = Math.min(earliest, performance.now() - from)
      }
    })
    const { p99Ms, failed } = await wrk({ url, script: script(apiKey), connections: 8, seconds })
    writing = false
    await writes
    if (failed > 0) throw new Error(`${failed} reads failed`)
    return [
      {
        name: 'fdatasync 300 ms slow: GET p99 meanwhile',
        value: p99Ms,
        unit: 'ms',
        against: `${TARGET_P99_MS} ms`,
        ratio: p99Ms / TARGET_P99_MS,
        target: '< 1',
        pass: p99Ms < TARGET_P99_MS,
      },
      {
        name: 'fdatasync 300 ms slow: earliest answer to a write',
        value: earliest,
        unit: 'ms',
        against: `${DELAY_MS} ms`,
        ratio: earliest / DELAY_MS,
        target: '>= 1',
        pass: earliest >= DELAY_MS,
      },
    ]
  } finally {
    await traced.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

function script(apiKey) {
  return `
local headers = { ['authorization'] = 'Bearer ${apiKey}' }
request = function()
  return wrk.format('GET', string.format('/api/v1/kv/buckets/users/keys/user.%06d', math.random(0, 511)), headers)
end
`
}
