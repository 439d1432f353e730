import type { IronflowClient } from '@ironflow/node'
import { createElement, type ReactElement, StrictMode, useSyncExternalStore } from 'react'

/** A cell that shows a document. Its live value is made while it renders: React's own hook is all that it needs. */
function Seats({ client, name }: { client: IronflowClient; name: string }): ReactElement {
  const { subscribe, getSnapshot } = client.config().live<{ seats: number }>(name)
  const document = useSyncExternalStore(subscribe, getSnapshot, getSnapshot)
  return createElement('p', null, document ? `${document.data.seats} seats` : 'loading')
}

/** A page with that many cells, each of which shows the same document. */
export function seatsPage(client: IronflowClient, cells: number, name = 'limits'): ReactElement {
  const all = Array.from({ length: cells }, (_, key) => createElement(Seats, { key, client, name }))
  return createElement(StrictMode, null, all)
}
