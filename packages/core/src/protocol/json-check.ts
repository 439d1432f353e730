import { FieldProblems } from '../errors/field-problems'
import { afterDigits, afterString, isDigit, skipBlank } from './json-scan'

/** What JSON text must keep besides the syntax. */
export interface JsonRules {
  /** Levels of arrays and objects (limit `jsonDepth`). */
  readonly jsonDepth: number
  /** Members and elements in all (limit `jsonItems`). Default: any number. */
  readonly jsonItems?: number
  /** A member name that is refused at any depth. */
  readonly reserved?: string
}

/** Bounds of the JSON whose value is built: everything but documents and KV values, which stay text. */
export type JsonLimits = Required<Pick<JsonRules, 'jsonDepth' | 'jsonItems'>>

/**
 * Checks JSON text by rules, without building its value. A number that no double can hold breaks them, too: a reader
 * would find `Infinity`, or `null`.
 *
 * @param place that of the whole text; what breaks the rules is noted under it: `data.member.0`
 * @returns whether the text is JSON, as far as it keeps the rules
 */
export function checkJson(text: string, rules: JsonRules, problems: FieldProblems, place: string): boolean {
  return new JsonCheck(text, rules, problems, place).run()
}

/**
 * Builds the value of JSON text that keeps the limits.
 *
 * @throws ValidationError naming `place`, or one within it. It does not repeat the text, since errors are logged.
 */
export function parseJsonWithin(text: string, { jsonDepth, jsonItems }: JsonLimits, place: string): unknown {
  const problems = new FieldProblems()
  if (!checkJson(text, { jsonDepth, jsonItems }, problems, place)) problems.add(place, 'must be valid JSON')
  problems.throwIfAny()
  return JSON.parse(text)
}

/** One pass over a text. Without recursion: the text's depth is its sender's. */
class JsonCheck {
  /**
   * The way from the whole value to the current one. Of each open object, where the current member's name starts; of
   * each open array, the current element's index, as `-1 - index`.
   */
  private readonly path: number[] = []

  constructor(
    private readonly text: string,
    private readonly rules: JsonRules,
    private readonly problems: FieldProblems,
    private readonly place: string,
  ) {}

  /** Whether the text is JSON, as far as it was read: a limit that is met is noted, and ends the reading. */
  run(): boolean {
    const { text, path } = this
    const { jsonDepth, jsonItems = Number.POSITIVE_INFINITY } = this.rules
    // All values that begin are members or elements, but for the outermost one.
    let items = -1
    let at = skipBlank(text, 0)
    for (;;) {
      const code = text.charCodeAt(at)
      const opens = code === 0x7b || code === 0x5b
      if (++items > jsonItems) return this.refuse(`has more than ${jsonItems} members and elements (limit jsonItems)`)
      if (opens && path.length >= jsonDepth)
        return this.refuse(`nests deeper than ${jsonDepth} levels (limit jsonDepth)`)
      if (opens) at = this.open(at, code)
      else at = this.next(this.scalar(at, code))
      if (at === -1) return false
      if (path.length === 0) return at === text.length
    }
  }

  /** Goes from an opening bracket to the first value behind it. */
  private open(start: number, code: number): number {
    const { text, path } = this
    const at = skipBlank(text, start + 1)
    // The code of each closing bracket is two above that of its opening one.
    if (text.charCodeAt(at) === code + 2) return this.next(at + 1)
    path.push(-1)
    return code === 0x7b ? this.name(at) : at
  }

  /** Goes from the end of a value to the start of the next one, closing what ends in between. */
  private next(end: number): number {
    const { text, path } = this
    if (end === -1) return -1
    for (let at = skipBlank(text, end); ; at = skipBlank(text, at + 1)) {
      if (path.length === 0) return at
      const top = path.length - 1
      const isArray = (path[top] as number) < 0
      const code = text.charCodeAt(at)
      if (code === 0x2c) {
        const start = skipBlank(text, at + 1)
        if (!isArray) return this.name(start)
        path[top] = (path[top] as number) - 1
        return start
      }
      if (code !== (isArray ? 0x5d : 0x7d)) return -1
      path.pop()
    }
  }

  /** Goes from a member's name to its value. */
  private name(start: number): number {
    const { text, path } = this
    const { reserved } = this.rules
    path[path.length - 1] = start
    const end = text.charCodeAt(start) === 0x22 ? afterString(text, start) : -1
    if (end === -1) return -1
    if (reserved !== undefined && this.isName(start, end, reserved)) this.note('is a reserved name')
    const colon = skipBlank(text, end)
    return text.charCodeAt(colon) === 0x3a ? skipBlank(text, colon + 1) : -1
  }

  private isName(start: number, end: number, name: string): boolean {
    const first = this.text.charCodeAt(start + 1)
    if (first !== name.charCodeAt(0) && first !== 0x5c) return false
    const length = end - start - 2
    if (length === name.length) return this.text.startsWith(name, start + 1)
    // Written with escapes, each character takes up to six.
    return length > name.length && length <= 6 * name.length && this.nameAt(start) === name
  }

  /** The first characters of the name that starts there, without its escapes. */
  private nameAt(start: number): string {
    NAME_START.lastIndex = start
    return JSON.parse(`${NAME_START.exec(this.text)?.[0]}"`) as string
  }

  /** Goes behind a value that is neither array nor object. */
  private scalar(start: number, code: number): number {
    const { text } = this
    if (code === 0x22) return afterString(text, start)
    if (code === 0x2d || isDigit(code)) return this.number(start, code)
    const word = code === 0x6e ? 'null' : code === 0x74 ? 'true' : 'false'
    return text.startsWith(word, start) ? start + word.length : -1
  }

  private number(start: number, first: number): number {
    const { text } = this
    const whole = first === 0x2d ? start + 1 : start
    let at = text.charCodeAt(whole) === 0x30 ? whole + 1 : afterDigits(text, whole)
    if (at !== -1 && text.charCodeAt(at) === 0x2e) at = afterDigits(text, at + 1)
    if (at === -1) return -1
    let isLong = at - start > LONGEST_SAFE_NUMBER
    // `e`, in either case.
    if ((text.charCodeAt(at) | 0x20) === 0x65) {
      const sign = text.charCodeAt(at + 1)
      const exponent = sign === 0x2b || sign === 0x2d ? at + 2 : at + 1
      at = afterDigits(text, exponent)
      if (at === -1) return -1
      isLong ||= at - exponent >= 3 || exponent - start > LONGEST_SAFE_MANTISSA
    }
    if (isLong && !Number.isFinite(Number(text.slice(start, at)))) this.note('is a number beyond the range of a double')
    return at
  }

  private refuse(problem: string): true {
    this.problems.add(this.place, problem)
    return true
  }

  /** Notes what is wrong at the current place. */
  private note(problem: string): void {
    if (this.problems.isFull) return
    const steps = this.path.map((step) => (step < 0 ? String(-1 - step) : this.nameAt(step)))
    this.problems.add([this.place, ...steps].join('.'), problem)
  }
}

/** A name's first 256 characters: it can have a million, and be part of many places. */
const NAME_START = /"(?:\\u.{4}|\\.|[^"\\]){0,256}/y

/** Characters of a number that is in the range of a double unless it has an exponent. */
const LONGEST_SAFE_NUMBER = 308

/** Characters before an exponent of two digits that keep a number in the range of a double: 10^200 times 10^99. */
const LONGEST_SAFE_MANTISSA = 200
