import { isMain, main, run } from './run.mjs'
import { setUp } from './setup.mjs'

/** Builds and measures; arguments go on to the benchmark: `npm run bench -- --only=kvReads --quick`. */
async function bench() {
  await setUp()
  await run(process.execPath, ['bench/src/main.mjs', ...process.argv.slice(2)])
}

if (isMain(import.meta.url)) await main(bench)
