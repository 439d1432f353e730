import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { useWorld } from './support/world'

const world = useWorld()
const SCRIPT = fileURLToPath(new URL('support/follow-document.mjs', import.meta.url))

/** Runtimes that are packages of npm, and how each runs a file. */
const RUNTIMES: ReadonlyArray<readonly [name: string, command: readonly string[]]> = [
  ['Bun', ['bun@1.4.4']],
  ['Deno', ['deno@2.9.6', 'run', '--allow-all', '--node-modules-dir=manual']],
]

describe.each(RUNTIMES)('%s', (_, command) => {
  it.each(['websocket', 'sse', 'poll'])(
    'writes, reads and follows over %s',
    async (transport) => {
      const env = {
        ...process.env,
        IRONFLOW_SERVER_URL: world.server.url,
        IRONFLOW_API_KEY: world.server.apiKey,
        NO_COLOR: '1',
      }
      const run = promisify(execFile)('npx', ['-y', ...command, SCRIPT, transport], { env, timeout: 60_000 })
      const { stdout } = await run
      expect(JSON.parse(stdout)).toEqual({ seats: [1, 2], transport, code: 'connection_failed' })
    },
    90_000,
  )
})
