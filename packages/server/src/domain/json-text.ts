import { invalid } from '@ironflow/core/errors'

/** The value of JSON text. @throws ValidationError that says nothing of what the text holds */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The engine's message quotes the text, and errors are logged.
    throw invalid({ body: 'must be valid JSON' })
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether valid JSON text nests arrays and objects deeper than `max`. Reads the text: no value has to be built. */
export function isDeeperThan(text: string, max: number): boolean {
  // Each level takes two characters, so most texts need no look.
  if (text.length <= max * 2) return false
  let depth = 0
  let inString = false
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (inString) {
      if (unit === BACKSLASH) index++
      else if (unit === QUOTE) inString = false
    } else if (unit === QUOTE) {
      inString = true
    } else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > max) return true
    } else if (unit === 0x5d || unit === 0x7d) {
      depth--
    }
  }
  return false
}
