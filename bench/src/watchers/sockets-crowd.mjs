import { once } from 'node:events'
import WebSocket from 'ws'
import { clock } from '../clock.mjs'
import { inParallel } from '../data.mjs'

/**
 * Sockets that speak the protocol, each with one subscription. Values say in `at` when their write began. Asked anything,
 * tells how long every change took since it was last asked.
 */
const { url, apiKey, bucket, filters } = JSON.parse(process.argv[2])
let took = []

await inParallel(50, filters.length, async (n) => {
  const socket = new WebSocket(`${url}/api/v1/ws`, { headers: { authorization: `Bearer ${apiKey}` } })
  socket.on('close', () => process.exit(1))
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', kind: 'kv', target: bucket, filters: [filters[n]] }))
  await new Promise((resolve) => {
    socket.on('message', (text) => {
      const frame = JSON.parse(text)
      if (frame.type === 'synced') resolve()
      if (frame.type === 'kv_update' && !frame.initial) took.push(clock() - frame.value.at)
    })
  })
})
process.on('message', () => {
  process.send(took)
  took = []
})
process.send('ready')
