import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './run.mjs'

/** How long a server may take to say that it listens, or to stop, in milliseconds. */
const PATIENCE_MS = 15_000

/**
 * A real `ironflow serve` in a process of its own, on a free port. `server-process.d.mts` says what it takes and answers.
 */
export async function startServer({ args = [], data, env = {}, detached = false, node = process.execPath } = {}) {
  const temporary = data === undefined ? await mkdtemp(join(tmpdir(), 'ironflow-')) : undefined
  const directory = data ?? join(temporary, 'data')
  const bin = join(ROOT, 'packages/cli/bin/ironflow.js')
  const child = spawn(node, [bin, 'serve', '--port', '0', '--data', directory, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
    env: { ...process.env, ...env },
  })
  const lines = []
  const errors = []
  child.stderr.on('data', (chunk) => errors.push(chunk))
  const exited = new Promise((resolve) => child.once('exit', resolve))

  const end = async (signal) => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) })
      child.kill(signal)
      await ended
    }
    return child.exitCode
  }
  const stop = async () => {
    await end('SIGTERM')
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true })
  }

  try {
    const url = await listeningUrl(child, lines, errors)
    const apiKey = args.includes('--dev') ? undefined : await bootstrapKey(directory, env)
    return {
      url,
      apiKey,
      data: directory,
      pid: child.pid,
      exited,
      log: () => [...lines, ...errors.map(String)].join('\n'),
      terminate: () => end('SIGTERM'),
      kill: async () => void (await end('SIGKILL')),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The address in the log line by which a server says that it listens. Goes on collecting lines afterwards. */
function listeningUrl(child, lines, errors) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the server did not listen within ${PATIENCE_MS} ms`)), PATIENCE_MS)
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      const entry = JSON.parse(line)
      if (entry.msg !== 'listening') return
      clearTimeout(timer)
      resolve(entry.url)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      reject(new Error(`the server exited with ${code} before it listened: ${Buffer.concat(errors)}`))
    })
  })
}

async function bootstrapKey(directory, env) {
  if (env.IRONFLOW_BOOTSTRAP_KEY) return env.IRONFLOW_BOOTSTRAP_KEY
  return JSON.parse(await readFile(join(directory, 'bootstrap-key.json'), 'utf8')).key
}
