import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT, run } from '../run.mjs'
import { startServer } from '../server-process.mjs'
import { CLIENTS } from './newcomer.mjs'
import { makeProject } from './project.mjs'

/** JavaScript runtimes that the clients run on, each with the command that runs a file. All are packages of npm. */
const RUNTIMES = {
  'Node.js 20': ['node'],
  'Node.js 22': ['npx', '-y', 'node@22'],
  'Node.js 24': ['npx', '-y', 'node@24'],
  'Bun 1': ['npx', '-y', 'bun@1'],
  'Deno 2': ['npx', '-y', 'deno@2', 'run', '--allow-all'],
}

/** Columns of the table, each with the name of its result. */
const COLUMNS = {
  documents: 'config',
  values: 'kv',
  WebSocket: 'websocket',
  SSE: 'sse',
  'long poll': 'poll',
  errors: 'errors',
}

/** The page with the table of what works where. */
const PAGE = 'docs/runtimes.md'

/** Time for a runtime to do it all, in milliseconds; its first start may have to load it. */
const PATIENCE_MS = 180_000

/**
 * Installs the packed clients into an empty project, uses them on every runtime, and compares what works with the table
 * in the docs.
 *
 * @throws where the two differ; the message has the right table
 */
export async function useOnRuntimes({ packages, registry, workDir }) {
  const project = await makeProject(join(workDir, 'runtimes'), {
    registry,
    packages: packages.filter(({ name }) => CLIENTS.includes(name)),
    samples: ['client.mjs'],
  })
  await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: project })
  const server = await startServer()
  const env = { ...process.env, IRONFLOW_SERVER_URL: server.url, IRONFLOW_API_KEY: server.apiKey }
  const rows = []
  try {
    for (const [runtime, [command, ...args]] of Object.entries(RUNTIMES)) {
      const options = { cwd: project, env, timeout: PATIENCE_MS }
      const { stdout } = await promisify(execFile)(command, [...args, 'client.mjs'], options)
      const works = JSON.parse(stdout.trim().split('\n').at(-1))
      process.stdout.write(`${runtime}: ${JSON.stringify(works)}\n`)
      rows.push([runtime, ...Object.values(COLUMNS).map((column) => (works[column] ? 'yes' : 'no'))])
    }
  } finally {
    await server.stop()
  }
  const table = tableOf([
    ['runtime', ...Object.keys(COLUMNS)],
    Object.keys(['', ...Object.keys(COLUMNS)]).map(() => '---'),
    ...rows,
  ])
  const page = await readFile(join(ROOT, PAGE), 'utf8')
  if (!page.includes(table)) throw new Error(`${PAGE} does not have the table of this run:\n\n${table}`)
}

function tableOf(rows) {
  return rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
