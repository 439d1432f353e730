import { afterString, CODE, isBlank, NONE, skipBlank } from './json-scan'

/** Whether JSON text is that of an object, if it is valid. */
export function isObjectText(text: string): boolean {
  return text.charCodeAt(skipBlank(text, 0)) === CODE.openObject
}

/**
 * Steps through the members of an object's JSON text. Values are neither built nor looked into: who needs one parses or
 * checks its slice of the text. Text that is no object ends early, and is not whole.
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
  start = NONE
  end = 0
  /** Whether the whole text was read, as one object. */
  isWhole = false
  private valueStart = 0

  constructor(private readonly text: string) {}

  /** Goes to the first member, then to the next one; `false` after the last, or where there is none. */
  next(): boolean {
    const { text } = this
    const isFirst = this.start === NONE
    const at = skipBlank(text, this.end)
    if (!isFirst && text.charCodeAt(at) === CODE.closeObject) return this.close(at)
    if (text.charCodeAt(at) !== (isFirst ? CODE.openObject : CODE.comma)) return false
    this.start = skipBlank(text, at + 1)
    if (isFirst && text.charCodeAt(this.start) === CODE.closeObject) return this.close(this.start)
    return this.member()
  }

  /** Text of the current member, name and value. */
  get memberText(): string {
    return this.text.slice(this.start, this.end)
  }

  /** Text of the current member's value. */
  get value(): string {
    return this.text.slice(this.valueStart, this.end)
  }

  private close(at: number): false {
    this.end = at
    this.isWhole = skipBlank(this.text, at + 1) === this.text.length
    return false
  }

  private member(): boolean {
    const { text, start } = this
    const nameEnd = text.charCodeAt(start) === CODE.quote ? afterString(text, start) : NONE
    if (nameEnd === NONE) return false
    const name = text.slice(start + 1, nameEnd - 1)
    this.name = name.includes('\\') ? (JSON.parse(`"${name}"`) as string) : name
    const colon = skipBlank(text, nameEnd)
    if (text.charCodeAt(colon) !== CODE.colon) return false
    this.valueStart = skipBlank(text, colon + 1)
    this.end = afterValue(text, this.valueStart)
    return this.end > this.valueStart
  }
}

/**
 * Lays members over those of another object, both as JSON text, and so the result. A member that both have keeps its
 * place in `base`, whose other text stays as it is. `undefined` where `base` is no object.
 */
export function mergeMembers(base: string, changes: string): string | undefined {
  const changed = new Map<string, string>()
  for (const reader = new MemberReader(changes); reader.next(); ) changed.set(reader.name, reader.memberText)
  const added = new Map(changed)
  const parts: string[] = []
  const reader = new MemberReader(base)
  let isEmpty = true
  let done = 0
  while (reader.next()) {
    isEmpty = false
    const change = changed.get(reader.name)
    if (change === undefined) continue
    parts.push(base.slice(done, reader.start), change)
    done = reader.end
    added.delete(reader.name)
  }
  if (!reader.isWhole) return undefined
  parts.push(base.slice(done, reader.end), isEmpty || added.size === 0 ? '' : ',', [...added.values()].join(','), '}')
  return parts.join('')
}

/**
 * Index after the value that starts at `start`, as far as brackets, quotes and commas tell; {@link NONE} where it does
 * not end.
 */
function afterValue(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === CODE.openObject || code === CODE.openArray) depth++
    else if (code === CODE.quote) {
      const end = afterString(text, at)
      if (end === NONE || depth === 0) return end
      at = end - 1
    } else if (code === CODE.closeObject || code === CODE.closeArray) {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (code === CODE.comma || isBlank(code))) return at
  }
  return NONE
}
