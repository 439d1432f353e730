import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './run.mjs'

/** How long a server may take to say that it listens, or to stop, in milliseconds. */
const PATIENCE_MS = 15_000

/**
 * A real `ironflow serve` in a process of its own, on a free port and a temporary data directory.
 *
 * @param {string[]} [args] further options of the command
 * @returns its address, its first admin key, and what ends it and removes its data
 */
export async function startServer(args = []) {
  const directory = await mkdtemp(join(tmpdir(), 'ironflow-'))
  const data = join(directory, 'data')
  const child = spawn(
    process.execPath,
    [join(ROOT, 'packages/cli/bin/ironflow.js'), 'serve', '--port', '0', '--data', data, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) })
      child.kill('SIGTERM')
      await exited
    }
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const url = await listeningUrl(child)
    const apiKey = args.includes('--dev')
      ? undefined
      : JSON.parse(await readFile(join(data, 'bootstrap-key.json'), 'utf8')).key
    return { url, apiKey, data, pid: child.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The address in the log line by which a server says that it listens. */
async function listeningUrl(child) {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const lines = createInterface({ input: child.stdout })
  const listening = (async () => {
    for await (const [line] of on(lines, 'line', { signal, close: ['close'] })) {
      const entry = JSON.parse(line)
      if (entry.msg === 'listening') return entry.url
    }
    throw new Error('the server ended its output')
  })()
  const exited = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the server exited with ${code} before it listened`)
  })
  try {
    return await Promise.race([listening, exited])
  } finally {
    // Whichever lost the race has nothing left to say.
    exited.catch(() => undefined)
    listening.catch(() => undefined)
    child.stdout.resume()
  }
}
