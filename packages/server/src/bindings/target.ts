import { invalid } from '@ironflow/core/errors'

/** A request target, split. */
export interface Target {
  readonly path: string
  /** Without the `?`. */
  readonly query: string
}

/** Encoded or not: what a path could only hold to be read differently by two readers. */
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i
const ENCODED_CONTROL = /%(?:0[0-9a-f]|1[0-9a-f]|7f)/i
/** What a URL is made of. Raw bytes beyond ASCII reach a server in as many readings as there are servers. */
const URL_TEXT = /^[\x21-\x7e]*$/

/** The start of a target in absolute form, as a proxy may send it (RFC 9112, 3.2.2). */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i

/** The authority of a target in absolute form, which counts instead of `Host`; `undefined` for one in another form. */
export function authorityOf(raw: string): string | undefined {
  return raw.startsWith('/') ? undefined : ABSOLUTE_FORM.exec(raw)?.[1]
}

/**
 * Splits a raw request target and refuses what some proxy might normalise: the path that was authorised on the way is
 * the path that is meant here.
 *
 * @throws ValidationError naming the place `path`
 */
export function parseTarget(raw: string): Target {
  const target = raw.startsWith('/') ? raw : raw.replace(ABSOLUTE_FORM, '')
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = mark < 0 ? '' : target.slice(mark + 1)
  if (!path.startsWith('/')) throw invalid({ path: 'must start with /' })
  if (!URL_TEXT.test(target)) throw invalid({ path: 'must be percent-encoded' })
  if (target.includes('#')) throw invalid({ path: 'must have no fragment' })
  if (path.includes('\\')) throw invalid({ path: 'must have no backslash' })
  if (DOT_SEGMENT.test(path)) throw invalid({ path: 'must have no . or .. segments' })
  if (ENCODED_CONTROL.test(path)) throw invalid({ path: 'must have no control characters' })
  return { path, query }
}
