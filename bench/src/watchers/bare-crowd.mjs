import { once } from 'node:events'
import WebSocket from 'ws'
import { inParallel } from '../data.mjs'
import { tellLast } from './tell-last.mjs'

/** Sockets of `ws` and nothing else. */
const { url, count } = JSON.parse(process.argv[2])
const onMessage = tellLast(count)

await inParallel(50, count, async () => {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  await once(socket, 'open')
  socket.on('message', onMessage)
})
process.send('ready')
