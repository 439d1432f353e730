import type { ServerFrame } from '@ironflow/core/protocol'
import type { IronflowServer } from '../../src'
import { ADMIN_KEY } from './harness'

/** A WebSocket's session without a socket: what a client sends is handled when it is sent. */
export async function plainSocket(server: IronflowServer) {
  const headers: Record<string, string> = { host: 'localhost', authorization: `Bearer ${ADMIN_KEY}` }
  const header = (name: string) => headers[name]
  const request = { verb: 'GET', target: '/api/v1/ws', header, body: () => new Uint8Array() }
  const admission = await server.http.admitSocket(request, 'r')
  if (!admission.ok) throw admission.error
  const sent: string[] = []
  const session = admission.result.open({
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
