/** Steps over the parts of JSON text. They return the index behind a part, or {@link NONE}. */

/** No index: what should be there is not. */
export const NONE = -1

/** Characters that JSON is made of. */
export const CODE = {
  space: 0x20,
  quote: 0x22,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  point: 0x2e,
  zero: 0x30,
  colon: 0x3a,
  openArray: 0x5b,
  backslash: 0x5c,
  closeArray: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const

const ESCAPED = '"\\/bfnrt'

/** Index of what follows white space, if there is any. */
export function skipBlank(text: string, start: number): number {
  let at = start
  while (isBlank(text.charCodeAt(at))) at++
  return at
}

export function isBlank(code: number): boolean {
  return code === CODE.space || code === 0x0a || code === 0x0d || code === 0x09
}

/** Index after the string that starts with a quote at `start`. */
export function afterString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at)
    if (code === CODE.quote) return at + 1
    if (code === CODE.backslash) {
      const escaped = text.charAt(++at)
      if (escaped === 'u') {
        for (const end = at + 4; at < end; ) if (!isHexDigit(text.charCodeAt(++at))) return NONE
      } else if (escaped === '' || !ESCAPED.includes(escaped)) return NONE
    } else if (!(code >= CODE.space)) {
      return NONE // A control character, or the text's end.
    }
  }
}

/** Index after one digit or more. */
export function afterDigits(text: string, start: number): number {
  let at = start
  while (isDigit(text.charCodeAt(at))) at++
  return at > start ? at : NONE
}

export function isDigit(code: number): boolean {
  return code >= CODE.zero && code <= 0x39
}

function isHexDigit(code: number): boolean {
  const letter = code | CODE.space
  return isDigit(code) || (letter >= 0x61 && letter <= 0x66)
}
