import { join } from 'node:path'
import { isMain, main, ROOT, run } from './run.mjs'
import { setUp } from './setup.mjs'

/** Builds, and runs a development server until Ctrl-C. */
async function start() {
  await setUp()
  const port = process.env.IRONFLOW_PORT || '9123'
  const url = `http://localhost:${port}`
  console.log(`
A development server starts on ${url}: no key needed, reachable from this machine only, data in .ironflow.
Try, in another terminal:

  curl -X PATCH ${url}/api/v1/config/limits -H 'content-type: application/json' -d '{"seats": 5}'
  curl ${url}/api/v1/config/limits
  curl -X PUT ${url}/api/v1/kv/buckets/sessions/keys/user.42 -H 'content-type: application/json' -d '{"cart": []}'
  curl '${url}/api/v1/kv/buckets/sessions/keys?values=true'
  (cd examples && IRONFLOW_SERVER_URL=${url} npx tsx src/config-quick-start.ts)

Ctrl-C ends it.
`)
  await run(process.execPath, [join(ROOT, 'packages/cli/bin/ironflow.js'), 'serve', '--dev', '--port', port])
}

if (isMain(import.meta.url)) await main(start)
