import { afterString, isBlank, skipBlank } from './json-scan'

/** Whether JSON text is that of an object, if it is valid. */
export function isObjectText(text: string): boolean {
  return text.charCodeAt(skipBlank(text, 0)) === 0x7b
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
  /** Where the current member starts in the text. */
  start = -1
  /** Where the current value starts. */
  private valueStart = -1
  /** Where the current value ends, once that is known; -1 where it does not. */
  private valueEnd: number | undefined
  private closing = -1
  private inner: MemberReader | undefined

  /** @param from where the object starts in the text */
  constructor(
    private readonly text: string,
    private readonly from = 0,
  ) {}

  /** Goes to the first member, then to the next one; `false` after the last, or where there is none. */
  next(): boolean {
    const { text } = this
    const isFirst = this.start < 0
    const before = isFirst ? this.from : this.end
    if (before < 0) return false
    const at = skipBlank(text, before)
    if (!isFirst && text.charCodeAt(at) === 0x7d) return this.close(at)
    if (text.charCodeAt(at) !== (isFirst ? 0x7b : 0x2c)) return false
    this.start = skipBlank(text, at + 1)
    if (isFirst && text.charCodeAt(this.start) === 0x7d) return this.close(this.start)
    return this.readName()
  }

  /** Where the current member ends in the text; -1 where it does not. */
  get end(): number {
    const closing = this.inner?.closing ?? -1
    this.valueEnd ??= closing < 0 ? afterValue(this.text, this.valueStart) : closing + 1
    return this.valueEnd
  }

  /** Text of the current member, name and value. */
  get memberText(): string {
    return this.text.slice(this.start, this.end)
  }

  /** Text of the current member's value. */
  get value(): string {
    return this.text.slice(this.valueStart, this.end)
  }

  /** Whether the current value is an object. */
  get isObject(): boolean {
    return this.text.charCodeAt(this.valueStart) === 0x7b
  }

  /** A reader of the current value's members. Where it was read to its end, this reader does not pass over them again. */
  members(): MemberReader {
    this.inner = new MemberReader(this.text, this.valueStart)
    return this.inner
  }

  /** Where the object's closing bracket is; -1 before all members are read, and where there is none. */
  get closedAt(): number {
    return this.closing
  }

  /** Whether the whole text was read, as one object. */
  get isWhole(): boolean {
    return this.closing >= 0 && skipBlank(this.text, this.closing + 1) === this.text.length
  }

  private close(at: number): false {
    this.closing = at
    return false
  }

  private readName(): boolean {
    const { text, start } = this
    const nameEnd = text.charCodeAt(start) === 0x22 ? afterString(text, start) : -1
    if (nameEnd < 0) return false
    const name = text.slice(start + 1, nameEnd - 1)
    this.name = name.includes('\\') ? (JSON.parse(`"${name}"`) as string) : name
    const colon = skipBlank(text, nameEnd)
    if (text.charCodeAt(colon) !== 0x3a) return false
    this.valueStart = skipBlank(text, colon + 1)
    this.valueEnd = undefined
    this.inner = undefined
    return true
  }
}

/**
 * The members of an object's JSON text by name, each with its name. `undefined` where there are more than `max`, those
 * of the same name included.
 */
export function readMembers(text: string, max: number): Map<string, string> | undefined {
  const members = new Map<string, string>()
  const reader = new MemberReader(text)
  for (let count = 0; reader.next(); count++) {
    if (count === max) return undefined
    members.set(reader.name, reader.memberText)
  }
  return members
}

/**
 * Lays members, as {@link readMembers} reads them, over those of an object's JSON text. A member that was there keeps its
 * place, and all other text stays as it is. `undefined` where `base` is no object.
 */
export function mergeMembers(base: string, changes: ReadonlyMap<string, string>): string | undefined {
  const added = new Map(changes)
  const parts: string[] = []
  const reader = new MemberReader(base)
  let isEmpty = true
  let done = 0
  while (reader.next()) {
    isEmpty = false
    const change = changes.get(reader.name)
    if (change === undefined) continue
    parts.push(base.slice(done, reader.start), change)
    done = reader.end
    added.delete(reader.name)
  }
  if (!reader.isWhole) return undefined
  parts.push(base.slice(done, reader.closedAt), isEmpty || added.size === 0 ? '' : ',', [...added.values()].join(','))
  return `${parts.join('')}}`
}

/**
 * Index after the value that starts at `start`, as far as brackets, quotes and commas tell; -1 where it does
 * not end.
 */
function afterValue(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x7b || code === 0x5b) depth++
    else if (code === 0x22) {
      const end = afterString(text, at)
      if (end === -1 || depth === 0) return end
      at = end - 1
    } else if (code === 0x7d || code === 0x5d) {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (code === 0x2c || isBlank(code))) return at
  }
  return -1
}
