import { ironflow } from '@ironflow/browser'
import { showFlags } from './flags'
import { byId } from './page'
import { showSettings } from './settings'
import { showStatus } from './status'

/** Where the server is: `npm start` says so. */
const serverUrl: string = import.meta.env.VITE_IRONFLOW_SERVER_URL ?? 'http://localhost:9123'

// All that the page follows goes over one connection. A server that asks for keys wants `apiKey` here as well.
ironflow.configure({ serverUrl, onStatus: showStatus })
showSettings()
showFlags()
// Its state comes by itself; its age grows also when nothing comes.
setInterval(() => showStatus(ironflow.status()), 1000)

byId('commands').textContent = [
  `cd examples && IRONFLOW_SERVER_URL=${serverUrl} npx tsx src/set-flag.ts new-checkout on`,
  `curl -X PUT ${serverUrl}/api/v1/kv/buckets/flags/keys/new-checkout -H 'content-type: application/json' -d false`,
  `curl -X PATCH ${serverUrl}/api/v1/config/app-settings -H 'content-type: application/json' -d '{"theme": "crimson"}'`,
].join('\n')
