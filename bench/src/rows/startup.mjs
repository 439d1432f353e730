import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/run.mjs'
import { freePort, start, untilAnswers } from '../processes.mjs'
import { median } from '../table.mjs'

const TARGET_MS = 600

/** `ironflow serve` from exec to the first `/ready`, with a store that exists already. */
export async function startup({ rounds }) {
  const directory = await mkdtemp(join(tmpdir(), 'ironflow-startup-'))
  try {
    const times = []
    for (let round = 0; round <= rounds + 2; round += 1) {
      const port = await freePort()
      const bin = join(ROOT, 'packages/cli/bin/ironflow.js')
      const server = start(process.execPath, [bin, 'serve', '--port', String(port), '--data', directory])
      const ms = await untilAnswers(`http://127.0.0.1:${port}/ready`)
      await server.stop()
      // The first one makes the store.
      if (round > 0) times.push(ms)
    }
    const ms = median(times)
    return [
      {
        name: 'ironflow serve, from exec to /ready',
        value: ms,
        unit: 'ms',
        against: `${TARGET_MS} ms`,
        ratio: ms / TARGET_MS,
        target: '<= 1',
        pass: ms <= TARGET_MS,
      },
    ]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
