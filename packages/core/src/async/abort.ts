/** Every listener of one signal, as the single one that the signal itself has. */
class AbortListeners extends Set<() => void> {
  handleEvent(): void {
    for (const listener of [...this]) listener()
  }
}

const listenersOf = new WeakMap<AbortSignal, AbortListeners>()

/**
 * Calls `listener` when the signal aborts, or at once where it has; returns a function that takes that back. However many
 * calls listen to one signal, such as that of a server's shutdown, it gets one listener: Node.js warns of a leak at the
 * eleventh.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) listener()
  const listeners = listenersOf.get(signal) ?? new AbortListeners()
  if (listeners.size === 0) {
    listenersOf.set(signal, listeners)
    signal.addEventListener('abort', listeners, { once: true })
  }
  listeners.add(listener)
  return () => {
    if (listeners.delete(listener) && listeners.size === 0) signal.removeEventListener('abort', listeners)
  }
}

/** Returns what `promise` brings, unless the signal aborts first: for promises that cannot be cancelled. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  let release: (() => void) | undefined
  const first = new Promise<T>((resolve, reject) => {
    release = onAbort(signal, () => reject(signal.reason))
    // Also after an abort, so that what the promise does later is never an unhandled rejection.
    promise.then(resolve, reject)
  })
  return first.finally(() => release?.())
}
