import { fileURLToPath } from 'node:url'
import { startServer } from '../../../scripts/server-process.mjs'
import { fill, KEYS, keyOf, sampleValue } from '../data.mjs'
import { underEachDriver } from '../drivers.mjs'
import { wrk } from '../load.mjs'
import { freePort, start, untilAnswers } from '../processes.mjs'
import { inTurns } from '../table.mjs'

const PATH = '/api/v1/kv/buckets/users/keys/'

/**
 * GET of KV entries with 5 % durable writes, against a bare `node:http` server that sends the same bytes, under each
 * SQLite library with the version of Node.js that uses it.
 */
export function kvReads(effort) {
  return underEachDriver((driver) => measure(driver, effort))
}

async function measure({ node, name }, { seconds, rounds }) {
  const server = await startServer({ node })
  try {
    await fill(server, 'users')
    const port = await freePort()
    const answers = JSON.stringify(await sample(server))
    const bare = start(node, [fileURLToPath(new URL('../bare-server.mjs', import.meta.url)), answers, String(port)])
    try {
      const bareUrl = `http://127.0.0.1:${port}`
      await untilAnswers(bareUrl)
      const load = (url) => async () => {
        const { requestsPerSecond, failed } = await wrk({
          url,
          script: script(server.apiKey),
          connections: 32,
          seconds,
        })
        if (failed > 0) throw new Error(`${failed} requests to ${url} failed`)
        return requestsPerSecond
      }
      await load(server.url)()
      const { value, other, ratio } = await inTurns(rounds, load(server.url), load(bareUrl))
      return [
        {
          name: `GET of KV entries, 5 % writes, 32 connections, ${name}`,
          value,
          unit: 'requests/s',
          against: `${Math.round(other)} of bare node:http`,
          ratio,
          target: '>= 0.6',
          pass: ratio >= 0.6,
        },
      ]
    } finally {
      await bare.stop()
    }
  } finally {
    await server.stop()
  }
}

/** The answers of the real server, to be sent by the bare one. */
async function sample(server) {
  const headers = { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' }
  const url = `${server.url}${PATH}${keyOf(1)}`
  const get = await fetch(url, { headers })
  const put = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(sampleValue(1)) })
  return { get: await captured(get), put: await captured(put) }
}

async function captured(response) {
  // Node adds these by itself, to both servers.
  const own = new Set(['connection', 'keep-alive', 'date', 'transfer-encoding'])
  return {
    headers: Object.fromEntries([...response.headers].filter(([name]) => !own.has(name))),
    body: await response.text(),
  }
}

function script(apiKey) {
  return `
local auth = 'Bearer ${apiKey}'
local get = { ['authorization'] = auth }
local put = { ['authorization'] = auth, ['content-type'] = 'application/json' }
math.randomseed(42)
request = function()
  local n = math.random(0, ${KEYS - 1})
  local path = string.format('${PATH}user.%06d', n)
  if math.random() < 0.05 then
    return wrk.format('PUT', path, put, string.format('{"id":%d,"name":"User %d","plan":"pro","seats":%d}', n, n, math.random(9)))
  end
  return wrk.format('GET', path, get)
end
`
}
