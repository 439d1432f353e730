// A development server and a web page that follows it, until Ctrl-C.
//
//   node scripts/start.mjs             installs and builds first
//   node scripts/start.mjs --built     starts what is built
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openPage } from './flags-page.mjs'
import { CommandFailed, isMain, main, ROOT } from './run.mjs'
import { seed } from './seed.mjs'
import { startServer } from './server-process.mjs'
import { setUp } from './setup.mjs'

async function start() {
  const { values } = parseArgs({ options: { built: { type: 'boolean' } } })
  if (!values.built) await setUp()
  const told = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve)
  })
  const data = process.env.IRONFLOW_DATA || join(ROOT, '.ironflow')
  const server = await serve(process.env.IRONFLOW_PORT || '9123', data)
  let page
  try {
    await seed(server.url)
    page = await openPage(server.url, process.env.IRONFLOW_PAGE_PORT || undefined)
    console.log(greeting(server, page))
    const end = await Promise.race([told, server.exited])
    // Signals have names, exit codes are numbers.
    if (typeof end !== 'string') throw new CommandFailed('ironflow serve', 1, `ended by itself\n${server.log()}`)
  } finally {
    await page?.close()
    await server.stop()
  }
  console.log(`\nThe server and the page have stopped. The data stays in ${server.data}.`)
}

/** Ctrl-C is for this process alone, which then ends the server, once and in order: hence `detached`. */
async function serve(port, data) {
  try {
    return await startServer({ args: ['--dev', '--port', port], data, detached: true })
  } catch (error) {
    const { message } = error
    const why = message.includes('EADDRINUSE')
      ? `port ${port} is in use. To take another one: IRONFLOW_PORT=9200 npm start`
      : message
    throw new CommandFailed('npm start', 1, why)
  }
}

function greeting({ url, data }, page) {
  const server = new URL(url).port === '9123' ? '' : ` --server ${url}`
  const json = "-H 'content-type: application/json'"
  return `
  page     ${page.url}
  server   ${url}   (no key needed, reachable from this machine only, data in ${data})

Open the page, then change something in another terminal and see it change:

  npx ironflow kv put flags new-checkout true${server}
  npx ironflow config patch app-settings '{"banner": "Sale today"}'${server}
  curl -X PATCH ${url}/api/v1/config/app-settings ${json} -d '{"theme": "crimson"}'
  (cd examples && IRONFLOW_SERVER_URL=${url} npx tsx src/set-flag.ts new-checkout off)

Ctrl-C ends both.`
}

if (isMain(import.meta.url)) await main(start)
