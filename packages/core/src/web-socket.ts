import type { Socket, SocketEvents } from './platform'

/**
 * Opens the runtime's own WebSocket. It takes no headers, and does not say why it did not open.
 *
 * @throws what the constructor throws, and where the runtime has none: see `Platform.openSocket`
 */
export function openWebSocket(
  Constructor: typeof WebSocket | undefined,
  url: string,
  protocols: readonly string[],
  events: SocketEvents,
): Socket {
  if (!Constructor) throw new TypeError('there is none')
  const controller = new AbortController()
  const { signal } = controller
  const socket = new Constructor(url, [...protocols])
  socket.addEventListener('open', () => events.opened(), { signal })
  socket.addEventListener('message', ({ data }) => typeof data === 'string' && events.message(data), { signal })
  // An `error` event says nothing, and one `close` always follows it.
  socket.addEventListener('close', ({ code, reason }) => events.closed({ code, reason }), { signal })
  return {
    send: (text) => socket.send(text),
    close: () => {
      controller.abort()
      socket.close()
    },
  }
}
