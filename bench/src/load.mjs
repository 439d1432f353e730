import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Loads a server with wrk, a program of its own in C: a Node client would be the bottleneck and would share its noise
 * with the server.
 *
 * @param {{ url: string, script: string, connections: number, seconds: number }} load `script` is wrk's Lua
 * @returns {Promise<{ requestsPerSecond: number, p50Ms: number, p99Ms: number, failed: number }>}
 */
export async function wrk({ url, script, connections, seconds }) {
  const directory = await mkdtemp(join(tmpdir(), 'ironflow-wrk-'))
  try {
    const file = join(directory, 'load.lua')
    await writeFile(file, script + SUMMARY)
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', file, url]
    const output = await outputOf('wrk', args)
    const found = /SUMMARY (\{.*\})/.exec(output)
    if (!found) throw new Error(`wrk said no summary:\n${output}`)
    return JSON.parse(found[1])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** wrk counts in microseconds; answers of 400 and above are failures, and so are broken sockets. */
const SUMMARY = `
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('SUMMARY {"requestsPerSecond":%.1f,"p50Ms":%.3f,"p99Ms":%.3f,"failed":%d}\\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`

function outputOf(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`${command} exited with ${code}`))))
  })
}
