import { errorFor, invalid, UnauthenticatedError } from '@ironflow/core/errors'
import { type KnownPosition, parsePosition } from '@ironflow/core/protocol'
import type { HttpRequest } from './message'

/** The key in an `Authorization` header. @throws UnauthenticatedError for another scheme */
export function bearerKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  if (header.startsWith('Bearer ')) return header.slice(7)
  const found = /^bearer +(\S+)\s*$/i.exec(header)
  if (found) return found[1]
  throw new UnauthenticatedError('the Authorization header must be: Bearer <API key>', 'unauthenticated')
}

/** Reads the position that a caller has seen. @throws ValidationError naming `place` for text that is none */
export function minPositionFrom(text: string | undefined, place: string): KnownPosition | undefined {
  if (text === undefined) return undefined
  const position = parsePosition(text)
  if (!position) throw invalid({ [place]: 'must be a revision, 0 or more, or a position such as 5-<epoch>' })
  return position
}

/** @throws ValidationError naming `place` for a consistency there is not */
export function consistencyFrom(text: string | undefined, place: string): 'strong' | undefined {
  if (text === undefined || text === 'strong') return text
  throw invalid({ [place]: 'must be strong, or absent' })
}

/** A compressed body would have to be unpacked before any limit could be looked at. @throws unsupported_media_type */
export function expectPlainBody(request: HttpRequest): void {
  const encoding = request.header('content-encoding')?.trim().toLowerCase()
  if (encoding === undefined || encoding === '' || encoding === 'identity') return
  throw errorFor('unsupported_media_type', 'a compressed body is not accepted', {
    fields: { 'content-encoding': 'must be absent or identity' },
  })
}
