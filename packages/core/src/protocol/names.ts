import { isWellFormed } from './value'

/**
 * The rules for names, the same on every engine and every wire. Each answers what is wrong, or `undefined`.
 * None of them changes its input: what was sent is what is stored.
 */
export type Rule = (text: string) => string | undefined

/** Longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 512

const encoder = /* @__PURE__ */ new TextEncoder()

/** Isolates everything below it. No underscore: stored names are `APP_<environment>_<bucket>`. */
export const environmentRule: Rule = (text) =>
  /^[a-z0-9][a-z0-9-]{0,62}$/.test(text) ? undefined : 'must be 1 to 63 of a-z, 0-9 and -, not starting with -'

/** A config document's name. No dots: the name is one token of `system.config.<name>.updated`. */
export const configNameRule: Rule = (text) => {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(text)) {
    return 'must be 1 to 128 of A-Z, a-z, 0-9, _ and -, starting with a letter or a digit'
  }
  return text === 'stream' ? 'is a reserved name' : undefined
}

/** A bucket's name. `SYS_` is Ironflow's own. */
export const bucketRule: Rule = (text) => {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) return 'must be 1 to 64 of A-Z, a-z, 0-9, _ and -'
  return text.startsWith('SYS_') ? 'must not start with SYS_, which is reserved' : undefined
}

/** A key: dot-separated tokens, none empty. `user:123:profile`, `a/b` and `%2F` are ordinary keys. */
export const keyRule: Rule = (text) => {
  const problem = tokensProblem(text)
  if (problem) return problem
  if (/[*>]/.test(text)) return 'must not contain * or >'
  const segments = text.split('/')
  return segments.includes('.') || segments.includes('..') ? 'must not have . or .. between slashes' : undefined
}

/** A filter over keys: `*` is one token, `>` is the rest: `user.*`, `session.>`. */
export const filterRule: Rule = (text) => {
  const problem = tokensProblem(text)
  if (problem) return problem
  if (/[^.]\*|\*[^.]/.test(text)) return '* must be a whole token'
  return /[^.]>|>./.test(text) ? '> must be the whole last token' : undefined
}

/** What a key and a filter have in common. */
function tokensProblem(text: string): string | undefined {
  if (text === '') return 'must not be empty'
  if (!isWellFormed(text)) return 'must be well-formed Unicode'
  // A UTF-16 code unit takes three bytes at most, so most keys need no counting.
  if (text.length * 3 > MAX_KEY_BYTES && encoder.encode(text).length > MAX_KEY_BYTES)
    return `must be at most ${MAX_KEY_BYTES} bytes`
  if (/[\s\p{Cc}]/u.test(text)) return 'must not contain white space or control characters'
  const hasEmpty = text.startsWith('.') || text.endsWith('.') || text.includes('..')
  return hasEmpty ? 'must not have an empty token between dots' : undefined
}

/** Whether `filter` (valid by {@link filterRule}) admits `key`; no filter admits all. */
export function matchesFilter(key: string, filter: string | undefined): boolean {
  if (filter === undefined || filter === '>') return true
  const wanted = filter.split('.')
  const tokens = key.split('.')
  const rest = wanted.at(-1) === '>'
  if (rest ? tokens.length < wanted.length : tokens.length !== wanted.length) return false
  return wanted.every((token, index) => token === '*' || token === '>' || token === tokens[index])
}
