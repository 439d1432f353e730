import { printable } from './table'

/**
 * Returns what `--json` prints for an entry or event: bytes become base64 text, and `encoding` says so, as on the wire.
 */
export function jsonForm(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonForm)
  if (typeof value !== 'object' || value === null) return value
  for (const member of ['value', 'data']) {
    const content: unknown = Reflect.get(value, member)
    if (content instanceof Uint8Array) return { ...value, [member]: base64(content), encoding: 'base64' }
  }
  return value
}

/** Returns a stored value in one line: JSON, or the size of bytes. */
export function inOneLine(value: unknown): string {
  if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`
  return printable(JSON.stringify(value) ?? '')
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
