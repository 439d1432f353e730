import { readFileSync } from 'node:fs'
import { createClient } from '@ironflow/node'
import { expect, it } from 'vitest'
import { startServer } from '../../scripts/server-process.mjs'
import { healthDuring } from '../support/event-loop'
import { type DeafSocket, openDeafSocket } from '../support/raw-socket'

const PEERS = 100
const CALLS = 400
const VALUES = 30
/** How long calls of others are made while the peers keep what they get waiting, in milliseconds. */
const OBSERVED_MS = 15_000

const call = (id: number, method: string, params: object) => {
  return JSON.stringify({ type: 'call', id: `${id}`, method, params: { bucket: 'large', ...params }, requestId: 'r' })
}

/** Resident memory of a process, in MB. */
function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kb) / 1024
}

it('a hundred peers that read no reply leave a small server up, and others served', async () => {
  const server = await startServer({ env: { NODE_OPTIONS: '--max-old-space-size=256' } })
  const peers: DeafSocket[] = []
  const client = createClient({ serverUrl: server.url, apiKey: server.apiKey, timeoutMs: 60_000 })
  let mostMb = 0
  try {
    const bucket = client.kv().bucket('large')
    for (let n = 0; n < VALUES; n++) await bucket.put(`k${n}`, 'x'.repeat(990_000))
    const { key } = await client.admin().apiKeys.create({ name: 'deaf', role: 'viewer' })
    const latency = await healthDuring(server.url, async () => {
      for (let n = 0; n < PEERS; n++) {
        const peer = await openDeafSocket(server.url, key)
        peers.push(peer)
        const one = (id: number) => call(id, 'kv.get', { key: `k${id % VALUES}` })
        const list = (id: number) => call(id, 'kv.entries', {})
        peer.send(Array.from({ length: CALLS }, (_, id) => (n % 2 === 0 ? one(id) : list(id))))
        mostMb = Math.max(mostMb, residentMb(server.pid))
      }
      const until = Date.now() + OBSERVED_MS
      for (let n = 0; Date.now() < until; n++) {
        await bucket.put('small', n)
        expect((await bucket.get('small')).value).toBe(n)
        mostMb = Math.max(mostMb, residentMb(server.pid))
      }
    })
    process.stderr.write(`at most ${Math.round(mostMb)} MB resident; /health ${JSON.stringify(latency)}\n`)
    expect(await Promise.race([server.exited, 'up'])).toBe('up')
  } finally {
    for (const { socket } of peers) socket.destroy()
    await client.close()
    await server.stop()
  }
})
