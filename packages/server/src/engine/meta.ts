import { invalid } from '@ironflow/core/errors'

/** What an entry's metadata may take as JSON, in characters. */
const MAX_META_CHARACTERS = 1_024

/** Metadata as it is stored: JSON text; `undefined` for none. @throws ValidationError where it is too much */
export function encodeMeta(meta: Readonly<Record<string, string>> | undefined): string | undefined {
  if (meta === undefined) return undefined
  const text = JSON.stringify(meta)
  if (text.length <= MAX_META_CHARACTERS) return text
  throw invalid({ meta: `must have at most ${MAX_META_CHARACTERS} characters of JSON` })
}
