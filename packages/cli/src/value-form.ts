import { UsageError } from './usage-error'

/** Forms of a value on a command line. */
export const VALUE_FORMS = ['json', 'text', 'bytes'] as const

export type ValueForm = (typeof VALUE_FORMS)[number]

/**
 * Returns the value that bytes stand for.
 *
 * @param place where they come from, for the error: `the argument`, `settings.json`, `standard input`
 * @throws UsageError for bytes that are not of this form. Nothing is guessed: `False` is not stored as a text
 */
export function decodeAs(form: ValueForm, bytes: Uint8Array, place: string): unknown {
  if (form === 'bytes') return bytes
  const text = decodeUtf8(bytes, place)
  if (form === 'text') return text
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${place} is not JSON: ${reason}; a JSON text has double quotes: '"on"'`)
  }
}

function decodeUtf8(bytes: Uint8Array, place: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UsageError(`${place} is not UTF-8 text`)
  }
}
