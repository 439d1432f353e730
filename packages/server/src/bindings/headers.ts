import { errorFor, invalid, UnauthenticatedError } from '@ironflow/core/errors'
import { HEADERS } from '@ironflow/core/protocol'
import type { HttpRequest } from './message'

/** The key in an `Authorization` header. @throws UnauthenticatedError for another scheme */
export function bearerKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  if (header.startsWith('Bearer ')) return header.slice(7)
  const found = /^bearer +(\S+)\s*$/i.exec(header)
  if (found) return found[1]
  throw new UnauthenticatedError('the Authorization header must be: Bearer <API key>', 'unauthenticated')
}

/** @throws ValidationError for text that is no revision */
export function minRevisionFrom(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const revision = /^\d{1,16}$/.test(header) ? Number(header) : Number.NaN
  if (!Number.isSafeInteger(revision)) throw invalid({ [HEADERS.minRevision]: 'must be a whole number, 0 or more' })
  return revision
}

/** A compressed body would have to be unpacked before any limit could be looked at. @throws unsupported_media_type */
export function expectPlainBody(request: HttpRequest): void {
  const encoding = request.header('content-encoding')?.trim().toLowerCase()
  if (encoding === undefined || encoding === '' || encoding === 'identity') return
  throw errorFor('unsupported_media_type', 'a compressed body is not accepted', {
    fields: { 'content-encoding': 'must be absent or identity' },
  })
}
