import { IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** A member of a connection: a look into a map of all connections would be part of what each request costs. */
const NEWEST = Symbol('newest response')

/** A connection, and its newest response once it has had a request; `undefined`: it became a WebSocket. */
interface Connection extends Duplex {
  [NEWEST]?: ServerResponse | undefined
}

/** Notes the response that a connection is busy with from now on; `undefined` where it becomes a WebSocket. */
export function takeTurn(socket: Connection, response: ServerResponse | undefined): void {
  socket[NEWEST] = response
}

/** Whether a connection has ever had a request. */
export function hasHadRequest(socket: Connection): boolean {
  return NEWEST in socket
}

/** The response to the newest request of a connection, also if it has been sent. */
export function newestResponse(socket: Connection): ServerResponse | undefined {
  return socket[NEWEST]
}

/**
 * The response that a connection is busy with: not wholly handed to the kernel, or not yet done with by Node, which would
 * take a response behind it into a queue of its own.
 */
export function currentResponse(socket: Connection): ServerResponse | undefined {
  const response = socket[NEWEST]
  return response?.closed ? undefined : response
}

/**
 * A request that makes Node's parser stop behind its head if the connection is busy with the request before it.
 *
 * Node hands pipelined requests over as fast as they come, each with a response that waits in memory for its turn. The
 * parser stops only for upgrades: so a request that comes too early claims to be one, arrives as the event `upgrade`
 * with the unparsed rest, and {@link putBack} returns both to the connection until it is their turn.
 */
export class TakingTurns extends IncomingMessage {
  /** Set by the setter, which the constructor of the base class calls already. */
  declare private stopsParser: boolean

  get upgrade(): boolean {
    return this.stopsParser
  }

  /** Set by Node: to what the parser found, and later to whether the event `upgrade` is listened to. */
  set upgrade(isAsked: boolean | null) {
    this.stopsParser = isAsked === true || currentResponse(this.socket) !== undefined
  }
}

/** Whether a request asks for a WebSocket. */
export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Returns a request that came as the event `upgrade` to its connection, in front of what follows it, and has Node read
 * it again when the response before it has been sent.
 *
 * A request for another protocol than WebSocket loses its `Upgrade`, and is answered as if it had not asked (RFC 9110,
 * 7.8): several HTTP clients ask for HTTP/2 that way on every first request.
 */
export function putBack(server: Server, request: IncomingMessage, head: Buffer): void {
  const { socket } = request
  // Returned at once: a connection whose bytes have all been taken may end before the request has its turn.
  if (head.length > 0) socket.unshift(head)
  socket.unshift(headOf(request))
  const onError = () => socket.destroy()
  socket.on('error', onError)
  const readAgain = () => {
    // The error that ended it may still be on its way.
    if (!socket.writable) return
    socket.off('error', onError)
    // Node has set it when the response before was finished, for a connection that waits for a request.
    socket.setTimeout(0)
    server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
  }
  // Not in the same turn of the event loop: a connection that has much to ask leaves room for others in between.
  const soon = () => setImmediate(readAgain)
  const before = currentResponse(socket)
  if (before) before.once('close', soon)
  else soon()
}

/** The bytes of a request up to its body. Node read names and values as Latin-1. */
function headOf(request: IncomingMessage): Buffer {
  const { method, url, httpVersion, rawHeaders } = request
  const keepsUpgrade = asksForWebSocket(request)
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (keepsUpgrade || name.toLowerCase() !== 'upgrade') text += `${name}: ${rawHeaders[index + 1]}\r\n`
  }
  return Buffer.from(`${text}\r\n`, 'latin1')
}
