import { join } from 'node:path'
import { isMain, main, ROOT, run, step } from './run.mjs'
import { startServer } from './server-process.mjs'
import { setUp } from './setup.mjs'

/** Every example, in the order in which a newcomer would read them. */
export const EXAMPLES = [
  'config-quick-start',
  'watch-flags',
  'hot-reload',
  'cache-with-ttl',
  'sessions',
  'counter',
  'errors',
]

/** Runs every example against one real server. */
export async function runExamples() {
  const server = await startServer()
  console.log(`\nA server listens on ${server.url}, with its data in ${server.data}`)
  try {
    for (const name of EXAMPLES) {
      await step(`examples/src/${name}.ts`, () =>
        run('npx', ['tsx', `src/${name}.ts`], {
          cwd: join(ROOT, 'examples'),
          env: { IRONFLOW_SERVER_URL: server.url, IRONFLOW_API_KEY: server.apiKey },
        }),
      )
    }
  } finally {
    await server.stop()
  }
  console.log(`
Every example ran, and the server stopped cleanly.
See it live: npm start starts a server to keep and a web page that changes while you set flags in a terminal.`)
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setUp()
    await runExamples()
  })
}
