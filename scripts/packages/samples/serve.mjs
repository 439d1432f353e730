// Starts the installed server, writes and reads a document by the installed command line, and stops the server.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

const bin = join(dirname(createRequire(import.meta.url).resolve('ironflow/package.json')), 'bin/ironflow.js')
const key = `ifkey_${'a'.repeat(48)}`
const directory = await mkdtemp(join(tmpdir(), 'ironflow-newcomer-'))
const server = spawn(process.execPath, [bin, 'serve', '--port', '0', '--data', directory], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, IRONFLOW_BOOTSTRAP_KEY: key },
})
try {
  let url
  // Ends where the server does, as its standard error says.
  for await (const line of createInterface(server.stdout)) {
    url = JSON.parse(line).url
    if (url) break
  }
  const env = { ...process.env, IRONFLOW_SERVER_URL: url, IRONFLOW_API_KEY: key }
  const cli = (...args) => execFileSync(process.execPath, [bin, ...args], { env, encoding: 'utf8' })
  cli('config', 'set', 'limits', '{"seats":5}')
  const { data } = JSON.parse(cli('config', 'get', 'limits', '--json'))
  if (data.seats !== 5) throw new Error(`read ${JSON.stringify(data)}`)
  console.log(`Node.js ${process.version} runs the server and the command line`)
} finally {
  const exited = once(server, 'exit')
  server.kill('SIGTERM')
  await exited
  await rm(directory, { recursive: true })
}
