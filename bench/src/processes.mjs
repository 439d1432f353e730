import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'

/** A process of the benchmark's own, ended by its id. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'], ...options })
  return {
    child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      const hurry = setTimeout(() => child.kill('SIGKILL'), 5000)
      await exited
      clearTimeout(hurry)
    },
  }
}

/** Asks until somebody answers with 2xx, at most `timeoutMs` long. Answers how many milliseconds that took. */
export async function untilAnswers(url, timeoutMs = 15_000, everyMs = 5) {
  const from = performance.now()
  while (performance.now() - from < timeoutMs) {
    const answered = await fetch(url).then(
      async (response) => {
        await response.arrayBuffer()
        return response.ok
      },
      () => false,
    )
    if (answered) return performance.now() - from
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
  throw new Error(`${url} did not answer within ${timeoutMs} ms`)
}

/** A port that nobody uses just now. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Memory a process holds now, in MB. */
export async function residentMb(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024
}
