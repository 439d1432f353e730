import type { Socket, SocketEnd } from '@ironflow/core/runtime'
import { expect } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { resolveNetwork } from '../src/network'
import { openSocket } from '../src/socket'

const PATIENCE_MS = 5_000
/** A socket, and all that it tells. */
export class TestSocket {
  readonly told: string[] = []
  readonly ends: SocketEnd[] = []
  readonly socket: Socket
  /** What is done when it tells something. */
  react: () => void = () => undefined
  private wake: () => void = () => undefined

  constructor(url: string, protocols: string[] = ['ironflow.v1'], headers: Record<string, string> = {}) {
    this.socket = openSocket(resolveNetwork({}), url.replace(/^http/, 'ws'), protocols, headers, {
      opened: () => this.tell('opened'),
      message: (text) => this.tell(text),
      closed: (end) => {
        this.ends.push(end)
        this.tell('closed')
      },
    })
  }

  /** Waits until so many things were told. */
  async toTell(count: number): Promise<string[]> {
    await bounded(
      new Promise<void>((resolve) => {
        this.wake = () => {
          if (this.told.length >= count) resolve()
        }
        this.wake()
      }),
      () => `told: ${this.told.join(', ')}`,
    )
    return this.told
  }

  async end(): Promise<SocketEnd> {
    while (this.ends.length === 0) await this.toTell(this.told.length + 1)
    return this.ends[0] as SocketEnd
  }

  private tell(what: string): void {
    this.told.push(what)
    this.react()
    this.wake()
  }
}

/** Fails where that takes too long, and says how far it came. */
export async function bounded<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain; ${what()}`)), PATIENCE_MS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** A server of WebSockets, and those that connected to it. */
export async function socketServer() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'ironflow.v1' })
  const peers: Array<{ peer: WebSocket; header(name: string): string | undefined }> = []
  const waiting: Array<() => void> = []
  server.on('connection', (peer, request) => {
    peers.push({ peer, header: (name) => request.headers[name]?.toString() })
    for (const wake of waiting.splice(0)) wake()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('it does not listen')
  return {
    url: `ws://127.0.0.1:${address.port}`,
    async peer() {
      while (peers.length === 0)
        await bounded(new Promise<void>((resolve) => waiting.push(resolve)), () => 'nobody came')
      return peers[0] as (typeof peers)[0]
    },
    async [Symbol.asyncDispose]() {
      for (const { peer } of peers) peer.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Until nothing of this process is connected any more. */
export async function noSocketLeft(): Promise<void> {
  const count = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
  for (let turn = 0; count() > 0 && turn < 500; turn++) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(count()).toBe(0)
}
