import { createServer } from 'node:http'

/**
 * What the KV reads are measured against: `node:http` and nothing else. It sends the bytes it was given at start,
 * whatever is asked: `{ get: { headers, body }, put: { headers, body } }`.
 */
const answers = JSON.parse(process.argv[2])

const server = createServer((request, response) => {
  const { headers, body } = request.method === 'GET' ? answers.get : answers.put
  if (request.method === 'GET') {
    response.writeHead(200, headers)
    response.end(body)
  } else {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, headers)
      response.end(body)
    })
  }
})

server.listen(Number(process.argv[3]), '127.0.0.1')
