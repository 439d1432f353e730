/**
 * What a page's runtime has, as far as the SDK uses it: the only file that touches globals, and only when it is asked.
 * On a server that renders pages, and in a worker, some of it is missing.
 */
export interface Globals {
  readonly fetch: typeof fetch
  readonly crypto: Pick<Crypto, 'getRandomValues'>
  readonly WebSocket?: typeof WebSocket | undefined
  readonly location?: Pick<Location, 'origin'> | undefined
  readonly window?: EventTarget | undefined
  readonly document?: (EventTarget & Pick<Document, 'visibilityState'>) | undefined
}

/** Those of the runtime that this runs in now. */
export function globals(): Globals {
  return globalThis
}
