declare module 'event-source-polyfill' {
  /** An `EventSource` that takes headers and, when it comes back, sends `?lastEventId=`. */
  export const EventSourcePolyfill: new (url: string, options?: { headers?: Record<string, string> }) => EventSource
}
