import { createClient } from '@ironflow/node'
import { startServer } from '../../../scripts/server-process.mjs'
import { fill, inParallel, KEYS, keyOf } from '../data.mjs'
import { inTurns } from '../table.mjs'

const AT_A_TIME = 50

/** `bucket.get` of the SDK as calls over the WebSocket, against the same over HTTP. */
export async function socketCalls({ seconds, rounds }) {
  const server = await startServer()
  const clientOver = (transport) => createClient({ serverUrl: server.url, apiKey: server.apiKey, transport })
  const [socket, http] = [clientOver('websocket'), clientOver('auto')]
  try {
    await fill(server, 'users')
    const callsPerSecond = (client) => async () => {
      const bucket = client.kv().bucket('users')
      const from = performance.now()
      const calls = seconds * 2000
      await inParallel(AT_A_TIME, calls, (n) => bucket.get(keyOf(n % KEYS)))
      return (calls * 1000) / (performance.now() - from)
    }
    await callsPerSecond(socket)()
    await callsPerSecond(http)()
    const { value, other, ratio } = await inTurns(rounds, callsPerSecond(socket), callsPerSecond(http))
    return [
      {
        name: `SDK bucket.get over the WebSocket, ${AT_A_TIME} at a time`,
        value,
        unit: 'calls/s',
        against: `${Math.round(other)} over HTTP`,
        ratio,
        target: '>= 2.0',
        pass: ratio >= 2,
      },
    ]
  } finally {
    await socket.close()
    await http.close()
    await server.stop()
  }
}
