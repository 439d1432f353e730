import type { ServerFrame } from '@ironflow/core/protocol'
import type { IronflowServer } from '../../src'
import { ADMIN_KEY } from './harness'

/** A WebSocket's session without a socket: what a client sends is handled when it is sent. */
export async function plainSocket(server: IronflowServer) {
  const headers: Record<string, string> = { host: 'localhost', authorization: `Bearer ${ADMIN_KEY}` }
  const admission = await server.admitSocket({
    verb: 'GET',
    target: '/api/v1/ws',
    header: (name) => headers[name],
    body: () => new Uint8Array(),
  })
  const sent: string[] = []
  const session = admission.open({
    ready: true,
    send: (text) => void sent.push(text),
    close: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
  })
  return {
    /** Sends a message and resolves with the frames that follow within the turn of the event loop. */
    async send(text: string): Promise<ServerFrame[]> {
      sent.length = 0
      session.message(text)
      await new Promise((resolve) => setTimeout(resolve, 0))
      return sent.map((each) => JSON.parse(each) as ServerFrame)
    },
    close: () => session.closed(),
  }
}
