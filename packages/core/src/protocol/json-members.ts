const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Whether JSON text is that of an object, if it is valid. */
export function isObjectText(text: string): boolean {
  return text.charCodeAt(skipBlank(text, 0)) === OPEN_OBJECT
}

/**
 * Steps through the members of an object's JSON text, which is valid. Values are not built: who needs one parses its
 * slice of the text.
 *
 * @example
 * ```ts
 * const members = new MemberReader('{"a": [1], "b": 2}')
 * while (members.next()) console.log(members.name, members.value) // a [1], then b 2
 * ```
 */
export class MemberReader {
  /** Name of the current member, without its escapes. */
  name = ''
  /** Where the current member starts and ends in the text. */
  start = 0
  end: number
  private valueStart = 0

  constructor(private readonly text: string) {
    this.end = skipBlank(text, 0)
  }

  /** Goes to the first member, then to the next one; `false` after the last. */
  next(): boolean {
    const { text } = this
    // After the opening bracket, or after the comma.
    this.start = skipBlank(text, skipBlank(text, this.end) + 1)
    if (text.charCodeAt(this.start) !== QUOTE) return false
    const nameEnd = endOfString(text, this.start)
    const name = text.slice(this.start + 1, nameEnd - 1)
    this.name = name.includes('\\') ? (JSON.parse(`"${name}"`) as string) : name
    this.valueStart = skipBlank(text, skipBlank(text, nameEnd) + 1)
    this.end = endOfValue(text, this.valueStart)
    return true
  }

  /** Text of the current member, name and value. */
  get member(): string {
    return this.text.slice(this.start, this.end)
  }

  /** Text of the current member's value. */
  get value(): string {
    return this.text.slice(this.valueStart, this.end)
  }
}

/**
 * Lays members over those of another object: both as valid JSON text, and the result. A member that both have keeps its
 * place in `base`, whose other text stays as it is.
 */
export function mergeMembers(base: string, changes: string): string {
  const changed = new Map<string, string>()
  for (const reader = new MemberReader(changes); reader.next(); ) changed.set(reader.name, reader.member)
  const parts: string[] = []
  const added = new Map(changed)
  let isEmpty = true
  let done = 0
  for (const reader = new MemberReader(base); reader.next(); ) {
    isEmpty = false
    const change = changed.get(reader.name)
    if (change === undefined) continue
    parts.push(base.slice(done, reader.start), change)
    done = reader.end
    added.delete(reader.name)
  }
  const rest = base.slice(done, base.lastIndexOf('}'))
  parts.push(rest, isEmpty || added.size === 0 ? '' : ',', [...added.values()].join(','), '}')
  return parts.join('')
}

/** Index after the string that starts at `at`, in valid JSON text. */
export function endOfString(text: string, at: number): number {
  for (let index = at + 1; ; index++) {
    const code = text.charCodeAt(index)
    if (code === BACKSLASH) index++
    else if (code === QUOTE) return index + 1
  }
}

/** Index after the value that starts at `at`, in valid JSON text. */
function endOfValue(text: string, at: number): number {
  let depth = 0
  for (let index = at; ; index++) {
    const code = text.charCodeAt(index)
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth++
    else if (code === QUOTE) {
      index = endOfString(text, index) - 1
      if (depth === 0) return index + 1
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      if (depth === 0) return index
      if (--depth === 0) return index + 1
    } else if (depth === 0 && (code === COMMA || isBlank(code))) return index
  }
}

function skipBlank(text: string, at: number): number {
  let index = at
  while (isBlank(text.charCodeAt(index))) index++
  return index
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}
