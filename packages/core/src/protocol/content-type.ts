import { ValidationError } from '../errors/kinds'
import type { Encoding } from './value'

/** Returns the type alone, without its parameters, in lower case. */
export function mediaType(header: string | undefined): string | undefined {
  return header?.split(';', 1)[0]?.trim().toLowerCase()
}

/**
 * Returns how a body of that type is stored. One of no type may be anything, and a form is what `curl -d` sends unless it
 * is told otherwise: stored as bytes, a `false` would read as true.
 *
 * @throws ValidationError
 */
export function encodingOf(contentType: string | undefined): Encoding {
  if (contentType === undefined || contentType === '' || FORMS.includes(contentType)) {
    const found = contentType ? `it is ${contentType}` : 'there is none'
    throw new ValidationError(
      `the content type must say how to store the value, and ${found}: send "content-type: application/json", or text/plain, or application/octet-stream for bytes`,
      'unsupported_media_type',
      { fields: { 'content-type': 'must be application/json, text/plain, or a type of bytes' } },
    )
  }
  if (contentType === 'application/json') return 'json'
  return contentType === 'text/plain' ? 'text' : 'base64'
}

const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data']

/** Returns whether the server reads a body of that type as text. */
export function isText(contentType: string | undefined): boolean {
  return contentType === 'application/json' || contentType === 'text/plain'
}

/** Text in another charset, read as UTF-8, would be refused at best and be other text at worst. @throws ValidationError */
export function expectUtf8(header: string | undefined): void {
  const charset = header && /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(header)?.[1]
  if (charset !== undefined && charset !== '' && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new ValidationError('the charset must be utf-8', 'unsupported_media_type', {
      fields: { 'content-type': 'must have the charset utf-8, or none' },
    })
  }
}
