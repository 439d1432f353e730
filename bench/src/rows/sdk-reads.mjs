import { randomUUID } from 'node:crypto'
import { createClient } from '@ironflow/node'
import { startServer } from '../../../scripts/server-process.mjs'
import { fill, inParallel, KEYS, keyOf } from '../data.mjs'
import { inTurns } from '../table.mjs'

const AT_A_TIME = 32

/** `bucket.get` of the SDK against `fetch` of the same URL with the same headers. */
export async function sdkReads({ seconds, rounds }) {
  const server = await startServer()
  try {
    await fill(server, 'users')
    const client = createClient({ serverUrl: server.url, apiKey: server.apiKey })
    const bucket = client.kv().bucket('users')
    const headersOf = () => ({
      authorization: `Bearer ${server.apiKey}`,
      'x-request-id': randomUUID(),
      'x-ironflow-client': 'node/0.1.0',
    })
    const withSdk = (n) => bucket.get(keyOf(n % KEYS))
    const withFetch = async (n) => {
      const response = await fetch(
        `${server.url}/api/v1/kv/buckets/users/keys/${encodeURIComponent(keyOf(n % KEYS))}`,
        {
          headers: headersOf(),
          signal: AbortSignal.timeout(10_000),
        },
      )
      return response.json()
    }
    const calls = seconds * 2000
    const perSecond = (work) => async () => {
      const from = performance.now()
      await inParallel(AT_A_TIME, calls, work)
      return calls / ((performance.now() - from) / 1000)
    }
    await perSecond(withSdk)()
    await perSecond(withFetch)()
    const { value, other, ratio } = await inTurns(rounds + 2, perSecond(withSdk), perSecond(withFetch))
    return [
      {
        name: `SDK bucket.get, ${AT_A_TIME} at a time`,
        value,
        unit: 'calls/s',
        against: `${Math.round(other)} of fetch with AbortSignal.timeout and json()`,
        ratio,
        target: '>= 1.5, goal 2.2',
        pass: ratio >= 1.5,
      },
    ]
  } finally {
    await server.stop()
  }
}
