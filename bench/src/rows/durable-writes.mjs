import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../../../scripts/server-process.mjs'
import { fill, KEYS } from '../data.mjs'
import { underEachDriver } from '../drivers.mjs'
import { wrk } from '../load.mjs'
import { freePort, start, untilAnswers } from '../processes.mjs'
import { inTurns } from '../table.mjs'

const CONNECTIONS = 32

/**
 * Durable PUTs, each with an `Idempotency-Key`, against etcd's HTTP gateway with its default settings, under each SQLite
 * library with the version of Node.js that uses it.
 */
export function durableWrites(effort) {
  return underEachDriver((driver) => measure(driver, effort))
}

async function measure({ node, name }, { seconds, rounds }) {
  const server = await startServer({ node })
  const etcd = await startEtcd()
  try {
    await fill(server, 'users')
    let round = 0
    const ours = async () => {
      round += 1
      return rate({ url: server.url, script: ironflowScript(server.apiKey, round), connections: CONNECTIONS, seconds })
    }
    const theirs = () => rate({ url: etcd.url, script: ETCD_SCRIPT, connections: CONNECTIONS, seconds })
    await ours()
    await theirs()
    const { value, other, ratio } = await inTurns(rounds, ours, theirs)
    return [
      {
        name: `durable PUT with an Idempotency-Key, ${CONNECTIONS} connections, ${name}`,
        value,
        unit: 'requests/s',
        against: `${Math.round(other)} of etcd's HTTP gateway`,
        ratio,
        target: '>= 1.0, goal 1.5',
        pass: ratio >= 1,
      },
    ]
  } finally {
    await etcd.stop()
    await server.stop()
  }
}

async function rate(load) {
  const { requestsPerSecond, failed } = await wrk(load)
  if (failed > 0) throw new Error(`${failed} requests to ${load.url} failed`)
  return requestsPerSecond
}

async function startEtcd() {
  const directory = await mkdtemp(join(tmpdir(), 'ironflow-etcd-'))
  const [client, peer] = [await freePort(), await freePort()]
  const url = `http://127.0.0.1:${client}`
  const peerUrl = `http://127.0.0.1:${peer}`
  const args = ['--data-dir', directory, '--listen-client-urls', url, '--advertise-client-urls', url]
  args.push(
    '--listen-peer-urls',
    peerUrl,
    '--initial-advertise-peer-urls',
    peerUrl,
    '--initial-cluster',
    `default=${peerUrl}`,
  )
  const etcd = start('etcd', args)
  await untilAnswers(`${url}/health`)
  return {
    url,
    async stop() {
      await etcd.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function ironflowScript(apiKey, round) {
  return `
local headers = { ['authorization'] = 'Bearer ${apiKey}', ['content-type'] = 'application/json' }
local count = 0
request = function()
  count = count + 1
  local n = count % ${KEYS}
  headers['idempotency-key'] = string.format('round-${round}-%d', count)
  local path = string.format('/api/v1/kv/buckets/users/keys/user.%06d', n)
  return wrk.format('PUT', path, headers, string.format('{"id":%d,"name":"User %d","plan":"pro","seats":5}', n, count))
end
`
}

/** The gateway takes key and value as base64, written here in Lua. */
const ETCD_SCRIPT = `
local alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
local function base64(text)
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    for j = 1, 4 do
      local index = math.floor(n / 64 ^ (4 - j)) % 64 + 1
      local missing = (j == 3 and not b) or (j == 4 and not c)
      out[#out + 1] = missing and '=' or alphabet:sub(index, index)
    end
  end
  return table.concat(out)
end
local headers = { ['content-type'] = 'application/json' }
local count = 0
local keys = {}
for n = 0, ${KEYS - 1} do keys[n] = base64(string.format('user.%06d', n)) end
request = function()
  count = count + 1
  local n = count % ${KEYS}
  local value = base64(string.format('{"id":%d,"name":"User %d","plan":"pro","seats":5}', n, count))
  return wrk.format('POST', '/v3/kv/put', headers, string.format('{"key":"%s","value":"%s"}', keys[n], value))
end
`
