import type { IncomingMessage } from 'node:http'
import type { Logger } from '../../observe/logger'
import { isLoopbackAddress } from '../loopback'

/** Peers that are remembered; beyond it they may be warned about again. */
const MAX_PEERS = 1_000

/** Warns, once for each peer, that an API key came over a network where everybody on the way can read it. */
export class PlainKeyWarning {
  private readonly warned = new Set<string>()

  constructor(
    private readonly logger: Logger,
    private readonly isEncrypted: boolean,
  ) {}

  look(request: IncomingMessage): void {
    const { authorization, 'sec-websocket-protocol': protocols } = request.headers
    if (this.isEncrypted || (authorization === undefined && !protocols?.includes('bearer.'))) return
    const peer = request.socket.remoteAddress
    if (peer === undefined || this.warned.has(peer) || isLoopbackAddress(peer)) return
    if (this.warned.size >= MAX_PEERS) this.warned.clear()
    this.warned.add(peer)
    this.logger.warn({ peer }, 'an API key came over plain HTTP: use TLS, here or in a proxy before this server')
  }
}
