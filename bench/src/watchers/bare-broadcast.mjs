import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

/**
 * What watching is measured against: `ws` and nothing else. A body that is posted goes to every socket; what a socket
 * sends comes back to it.
 */
const server = createServer((request, response) => {
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (chunk) => {
    body += chunk
  })
  request.on('end', () => {
    for (const socket of sockets.clients) socket.send(body)
    response.end()
  })
})
const sockets = new WebSocketServer({ server, perMessageDeflate: false })
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data, { binary: false })))

server.listen(Number(process.argv[2]), '127.0.0.1')
