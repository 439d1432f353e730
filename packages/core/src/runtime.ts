// What the package for a runtime is made of: the client, and the platform that it asks for.
export { Client } from './client'
export { DEFAULTS } from './options'
export {
  type HttpFetch,
  type HttpRequest,
  type HttpResponse,
  type LifecycleSignal,
  MAX_TIMER_MS,
  type Platform,
  type Socket,
  type SocketEnd,
  type SocketEvents,
} from './platform'
export { openWebSocket } from './web-socket'
