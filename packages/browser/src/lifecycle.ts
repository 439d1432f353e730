import type { LifecycleSignal, Platform } from '@ironflow/core/runtime'
import type { Globals } from './globals'

/** Milliseconds for which a page is hidden until its connection is closed. */
const HIDDEN_MS = 300_000

/**
 * Reports what happens to a page, as far as connections are concerned, until the returned function is called.
 *
 * | event | connections |
 * | --- | --- |
 * | `pagehide`, `freeze` | close at once: an open one keeps the page out of the back-forward cache |
 * | `pageshow`, `resume` | may open |
 * | hidden for 5 minutes, with `pauseWhenHidden` | close |
 * | visible | may open; what failed is tried again |
 * | `online` | what failed is tried again, what is open is opened anew |
 *
 * `freeze` and `resume` are those of the Page Lifecycle API.
 */
export function followPage(
  { window, document }: Pick<Globals, 'window' | 'document'>,
  { setTimer }: Pick<Platform, 'setTimer'>,
  pauseWhenHidden: boolean,
  listener: (signal: LifecycleSignal) => void,
): () => void {
  if (!window || !document) return () => undefined
  let cancelHiding: (() => void) | undefined
  const look = () => {
    cancelHiding?.()
    cancelHiding = undefined
    if (document.visibilityState === 'visible') {
      listener({ type: 'resume', reason: 'hidden' })
      listener({ type: 'wake' })
    } else if (pauseWhenHidden) {
      cancelHiding = setTimer(() => listener({ type: 'pause', reason: 'hidden' }), HIDDEN_MS)
    }
  }
  const controller = new AbortController()
  const on = (target: EventTarget, type: string, what: () => void) =>
    target.addEventListener(type, what, { signal: controller.signal })
  on(document, 'visibilitychange', look)
  on(document, 'freeze', () => listener({ type: 'pause', reason: 'frozen' }))
  on(document, 'resume', () => listener({ type: 'resume', reason: 'frozen' }))
  on(window, 'pagehide', () => listener({ type: 'pause', reason: 'left' }))
  on(window, 'pageshow', () => listener({ type: 'resume', reason: 'left' }))
  on(window, 'online', () => listener({ type: 'network' }))
  if (document.visibilityState !== 'visible') look()
  return () => {
    cancelHiding?.()
    controller.abort()
  }
}
