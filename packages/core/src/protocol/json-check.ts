import { FieldProblems } from '../errors/field-problems'
import { endOfString } from './json-members'

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

const SPACE = 0x20
const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Levels beyond which {@link isJson} takes text for none: each takes memory, and no writer of JSON gets that deep. */
const MAX_LEVELS = 10_000

/**
 * Whether text is JSON, of at most 10,000 levels. No value is built, so the time depends on the length of the text
 * alone, whatever its shape.
 */
export function isJson(text: string): boolean {
  return new JsonCheck(text, { jsonDepth: MAX_LEVELS }, new FieldProblems(), '').run()
}

/**
 * Checks JSON text by rules, without building its value. A number that no double can hold breaks them, too: a reader
 * would find `Infinity`, or `null`.
 *
 * @param place that of the whole text; what breaks the rules is noted under it: `data.member.0`
 * @returns whether the text is JSON, as far as it keeps the rules
 */
export function checkJson(text: string, rules: JsonRules, problems: FieldProblems, place: string): boolean {
  const before = problems.count
  return new JsonCheck(text, rules, problems, place).run() || problems.count > before
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
  private at = 0
  /** Values that began so far. All but the outermost are members or elements. */
  private values = 0
  /**
   * The way from the whole value to the current one. Of each open object, where the current member's name starts; of
   * each open array, the current element's index, as `-1 - index`.
   */
  private readonly path: number[] = []

  private readonly maxValues: number

  constructor(
    private readonly text: string,
    private readonly rules: JsonRules,
    private readonly problems: FieldProblems,
    private readonly place: string,
  ) {
    this.maxValues = 1 + (rules.jsonItems ?? Number.POSITIVE_INFINITY)
  }

  /** Whether the text was read to its end, and is JSON. A limit that is met is noted, and ends the reading. */
  run(): boolean {
    const { text, path } = this
    this.skipBlank()
    for (;;) {
      const code = text.charCodeAt(this.at)
      const opens = code === OPEN_OBJECT || code === OPEN_ARRAY
      if (++this.values > this.maxValues || (opens && path.length >= this.rules.jsonDepth)) return this.refuse()
      if (opens) {
        this.at++
        this.skipBlank()
        // The code of each closing bracket is two above that of its opening one.
        if (text.charCodeAt(this.at) !== code + 2) {
          path.push(-1)
          if (code === OPEN_OBJECT && !this.name()) return false
          continue
        }
        this.at++
      } else if (!this.scalar(code)) {
        return false
      }
      if (!this.close()) return false
      if (path.length === 0) return this.at === text.length
    }
  }

  /** Goes from the end of a value to the start of the next one, closing what ends in between. */
  private close(): boolean {
    const { text, path } = this
    for (;;) {
      this.skipBlank()
      if (path.length === 0) return true
      const top = path.length - 1
      const isArray = (path[top] as number) < 0
      const code = text.charCodeAt(this.at)
      this.at++
      if (code === COMMA) {
        this.skipBlank()
        if (!isArray) return this.name()
        path[top] = (path[top] as number) - 1
        return true
      }
      if (code !== (isArray ? CLOSE_ARRAY : CLOSE_OBJECT)) return false
      path.pop()
    }
  }

  /** A member's name and its colon. */
  private name(): boolean {
    const start = this.at
    this.path[this.path.length - 1] = start
    if (this.text.charCodeAt(start) !== QUOTE || !this.string()) return false
    const { reserved } = this.rules
    if (reserved !== undefined && this.isName(start, reserved)) this.note('is a reserved name')
    this.skipBlank()
    if (this.text.charCodeAt(this.at++) !== COLON) return false
    this.skipBlank()
    return true
  }

  private isName(start: number, name: string): boolean {
    const length = this.at - start - 2
    if (length === name.length) return this.text.startsWith(name, start + 1)
    // Written with escapes, each character takes up to six.
    return length > name.length && length <= 6 * name.length && this.nameAt(start) === name
  }

  private nameAt(start: number): string {
    return JSON.parse(this.text.slice(start, endOfString(this.text, start))) as string
  }

  private scalar(code: number): boolean {
    if (code === QUOTE) return this.string()
    if (code === MINUS || isDigit(code)) return this.number()
    for (const literal of LITERALS) {
      if (!this.text.startsWith(literal, this.at)) continue
      this.at += literal.length
      return true
    }
    return false
  }

  private string(): boolean {
    const { text } = this
    for (let at = this.at + 1; ; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        this.at = at + 1
        return true
      }
      if (code === BACKSLASH) {
        const escaped = text.charAt(++at)
        if (escaped === 'u') {
          for (const end = at + 4; at < end; ) if (!isHexDigit(text.charCodeAt(++at))) return false
        } else if (escaped === '' || !ESCAPED.includes(escaped)) return false
      } else if (!(code >= SPACE)) {
        return false // A control character, or the text's end.
      }
    }
  }

  private number(): boolean {
    const { text } = this
    const start = this.at
    if (text.charCodeAt(start) === MINUS) this.at++
    if (text.charCodeAt(this.at) === ZERO) this.at++
    else if (!this.digits()) return false
    if (text.charCodeAt(this.at) === POINT) {
      this.at++
      if (!this.digits()) return false
    }
    let isLong = this.at - start > LONGEST_SAFE_NUMBER
    // `e`, in either case.
    if ((text.charCodeAt(this.at) | SPACE) === 0x65) {
      this.at++
      const sign = text.charCodeAt(this.at)
      if (sign === PLUS || sign === MINUS) this.at++
      const exponent = this.at
      if (!this.digits()) return false
      isLong ||= this.at - exponent >= 3
    }
    if (isLong && !Number.isFinite(Number(text.slice(start, this.at)))) {
      this.note('is a number beyond the range of a double')
    }
    return true
  }

  private digits(): boolean {
    const start = this.at
    while (isDigit(this.text.charCodeAt(this.at))) this.at++
    return this.at > start
  }

  private skipBlank(): void {
    for (const { text } = this; ; this.at++) {
      const code = text.charCodeAt(this.at)
      if (code !== SPACE && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    }
  }

  private refuse(): false {
    const { jsonDepth, jsonItems } = this.rules
    const what =
      this.values > this.maxValues
        ? `has more than ${jsonItems} members and elements (limit jsonItems)`
        : `nests deeper than ${jsonDepth} levels (limit jsonDepth)`
    this.problems.add(this.place, what)
    return false
  }

  /** Notes what is wrong at the current place. */
  private note(problem: string): void {
    if (this.problems.isFull) return
    const steps = this.path.map((step) => (step < 0 ? String(-1 - step) : this.nameAt(step)))
    this.problems.add([this.place, ...steps].join('.'), problem)
  }
}

const LITERALS = ['true', 'false', 'null']
const ESCAPED = '"\\/bfnrt'
/** Characters of a number that is in the range of a double unless it has an exponent. */
const LONGEST_SAFE_NUMBER = 308

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39
}

function isHexDigit(code: number): boolean {
  const letter = code | SPACE
  return isDigit(code) || (letter >= 0x61 && letter <= 0x66)
}
