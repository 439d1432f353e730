import { invalid } from '@ironflow/core/errors'
import { fromBase64, isWellFormed, toBase64 } from '@ironflow/core/protocol'

/** Which list a cursor goes on with: one of another list is none of this. */
export type CursorKind = 'config' | 'versions' | 'buckets' | 'keys' | 'history' | 'apikeys'

/** Opaque text for "after this". Base64url: it travels in a query. */
export function encodeCursor(kind: CursorKind, after: string): string {
  const text = toBase64(new TextEncoder().encode(`${kind}:${after}`))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** What {@link encodeCursor} was given. @throws ValidationError for text that is no cursor of such a list */
export function decodeCursor(kind: CursorKind, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const text = /^[A-Za-z0-9_-]{1,2048}$/.test(cursor) ? decode(cursor) : undefined
  if (!text?.startsWith(`${kind}:`) || !isWellFormed(text)) {
    throw invalid({ cursor: 'is not one that this list gave' })
  }
  return text.slice(kind.length + 1)
}

/** As {@link decodeCursor}, where what it holds is a revision. */
export function decodeRevisionCursor(kind: CursorKind, cursor: string | undefined): number | undefined {
  const text = decodeCursor(kind, cursor)
  if (text === undefined) return undefined
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text))) {
    throw invalid({ cursor: 'is not one that this list gave' })
  }
  return Number(text)
}

function decode(cursor: string): string | undefined {
  try {
    const bytes = fromBase64(cursor.replaceAll('-', '+').replaceAll('_', '/'))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
