import type { ClientStatus } from '@ironflow/browser'
import { byId, clock } from './page'

const TRANSPORTS = {
  websocket: 'a WebSocket',
  sse: 'server-sent events',
  poll: 'long polls',
  custom: 'a transport of its own',
}

/** Says how it is with what the page follows, and how old the last proof of that is. */
export function showStatus(status: ClientStatus): void {
  byId('status').dataset.state = status.state
  byId('status').textContent = textOf(status)
}

function textOf(status: ClientStatus): string {
  const age = status.lastSyncedAt === undefined ? undefined : Math.round((Date.now() - status.lastSyncedAt) / 1000)
  switch (status.state) {
    case 'live':
      return `live over ${TRANSPORTS[status.transport]}, in sync since ${clock(status.since)}, confirmed ${age} s ago`
    case 'interrupted':
      return `interrupted: ${status.error.message}${age === undefined ? '' : `; what you see is ${age} s old`}`
    case 'unauthorized':
      return `not allowed: ${status.error.message}`
    case 'paused':
      return 'paused while nobody looks'
    default:
      return status.state
  }
}
