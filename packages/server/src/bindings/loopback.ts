import { UnauthorizedError } from '@ironflow/core/errors'
import type { HttpRequest } from './message'
import { authorityOf } from './target'

/** Whether a host name, with or without a port, is this machine by its own spelling: no name service is asked. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase()
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

/** Whether an `Origin` is a page that this machine serves; `null` is not. */
export function isLoopbackOrigin(origin: string): boolean {
  const found = /^https?:\/\/([^/?#@]+)$/i.exec(origin)
  return found !== null && isLoopbackHost(found[1] as string)
}

/** Whether a peer's address is this machine's own. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(address)
}

/**
 * Without authentication, who may ask is decided by where the question comes from. A page on the internet can make a
 * browser send requests here, under its own `Origin`, or, by a name that resolves to this machine, under its own `Host`.
 *
 * @throws UnauthorizedError
 */
export function expectLoopback(request: HttpRequest): void {
  const host = authorityOf(request.target) ?? request.header('host')
  if (host === undefined || !isLoopbackHost(host)) {
    throw new UnauthorizedError('a server in dev mode answers only as localhost', 'unauthorized')
  }
  const origin = request.header('origin')
  if (origin !== undefined && !isLoopbackOrigin(origin)) {
    throw new UnauthorizedError('a server in dev mode answers only pages of this machine', 'unauthorized')
  }
}
