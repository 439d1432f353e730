/** Known to every copy of the package: a client and a server in one process need not share theirs. */
const BRAND = Symbol.for('ironflow.raw-json')

/** A value as its JSON text, which is embedded as it is: numbers keep every digit they came with. */
export class RawJson {
  readonly [BRAND] = true

  constructor(readonly text: string) {}

  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

/**
 * `JSON.stringify`, but {@link RawJson} is embedded as it is and bytes become base64 text. Members that are `undefined`
 * are left out. For the envelopes of the wire, whose shape is ours; a user's own value goes through `JSON.stringify`.
 */
export function stringify(value: unknown): string {
  if (value instanceof RawJson) return value.text
  if (value instanceof Uint8Array) return JSON.stringify(toBase64(value))
  if (Array.isArray(value)) return `[${value.map((item) => stringify(item ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members: string[] = []
    for (const [name, member] of Object.entries(value)) {
      if (member !== undefined) members.push(`${JSON.stringify(name)}:${stringify(member)}`)
    }
    return `{${members.join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

/** The value of JSON text; `undefined` where it is none: the caller says so with what else it knows. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Bytes as base64 (RFC 4648, padded). In steps, because a call takes only so many arguments. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192))
  }
  return btoa(text)
}

/** The bytes of base64 text; throws where it is none. */
export function fromBase64(text: string): Uint8Array {
  const characters = atob(text)
  const bytes = new Uint8Array(characters.length)
  for (let index = 0; index < bytes.length; index++) bytes[index] = characters.charCodeAt(index)
  return bytes
}
