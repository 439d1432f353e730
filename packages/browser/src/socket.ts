import type { Socket, SocketEvents } from '@ironflow/core/runtime'
import type { Globals } from './globals'

/** Opens the runtime's own WebSocket. It takes no headers, and does not say why it did not open. */
export function openSocket(
  { WebSocket }: Pick<Globals, 'WebSocket'>,
  url: string,
  protocols: readonly string[],
  events: SocketEvents,
): Socket {
  const controller = new AbortController()
  const { signal } = controller
  const socket = construct(WebSocket, url, protocols)
  if (!socket) queueMicrotask(() => signal.aborted || events.closed({}))
  socket?.addEventListener('open', () => events.opened(), { signal })
  socket?.addEventListener('message', ({ data }) => typeof data === 'string' && events.message(data), { signal })
  // An `error` event says nothing, and one `close` always follows it.
  socket?.addEventListener('close', ({ code, reason }) => events.closed({ code, reason }), { signal })
  return {
    send: (text) => socket?.send(text),
    close: () => {
      controller.abort()
      socket?.close()
    },
  }
}

/** `undefined` where the runtime has none, or does not allow it here: a page of https may not connect to ws. */
function construct(Constructor: Globals['WebSocket'], url: string, protocols: readonly string[]) {
  try {
    return Constructor && new Constructor(url, [...protocols])
  } catch {
    // As good as one that could not be opened: there is no more to be said about that one either.
    return undefined
  }
}
