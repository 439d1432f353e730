import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { metricOf } from '../support/metric'
import { useWorld } from '../support/world'

const SCRIPT = fileURLToPath(new URL('start-and-stop.mjs', import.meta.url))
const COUNT = 10_000
/** How long a script may take to end when nothing is left to do, in milliseconds. */
const EXIT_MS = 5_000

const world = useWorld()

/** Runs the script until it has told what is left; it goes on when its input says so. */
async function run(transport: string) {
  const { url, apiKey = '' } = world.server
  const env = { ...process.env, IRONFLOW_SERVER_URL: url, IRONFLOW_API_KEY: apiKey }
  const child = spawn(process.execPath, [SCRIPT, transport, `${COUNT}`], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  // One that is left behind by a failure would go on for ever: it watches, and its server is gone.
  onTestFinished(() => void child.kill('SIGKILL'))
  const [told] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, told: JSON.parse(String(told)) as { before: object; after: object } }
}

describe.each(['websocket', 'sse', 'poll', 'auto'] as const)('over %s', (transport) => {
  it('ten thousand watches that were started and stopped leave nothing, and close() ends the program', async () => {
    const { child, told } = await run(transport)
    expect(told.after).toEqual(told.before)
    // The two that are there still; over a long poll, whenever one is on.
    const kind = transport === 'auto' ? 'websocket' : transport
    const open = () => metricOf(world, 'ironflow_watchers', `transport="${kind}"`)
    await vi.waitFor(async () => expect(await open()).toBe(2), { timeout: 5_000 })
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(EXIT_MS) })
    child.stdin.write('close\n')
    expect(await exited).toEqual([0, null])
    await vi.waitFor(async () => expect(await open()).toBe(0), { timeout: 5_000 })
  })
})
