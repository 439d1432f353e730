import { CODES } from '@ironflow/core/errors'
import { ROLES } from '@ironflow/core/protocol'
import { anything, count, list, object, ref, type Schema, text, time } from './schema'

const epoch: Schema = { type: 'string', pattern: '^[A-Za-z0-9]{1,64}$', description: 'The life of the bucket.' }
const position = { revision: count, epoch }
const summary = { name: text, ...position, updatedAt: time }
const role: Schema = { type: 'string', enum: Object.keys(ROLES) }
const apiKey = { id: text, name: text, role, createdAt: time }
const apiKeyOptions = { environment: text, expiresAt: time, scopes: list(text) }

/** The shapes that answers are made of. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  ConfigSummary: object(summary),
  ConfigEntry: object({ ...summary, data: { type: 'object' } }),
  ConfigVersion: object({ ...summary, operation: { enum: ['put', 'delete'] } }, { data: { type: 'object' } }),
  BucketInfo: object(
    {
      name: text,
      history: { type: 'integer', minimum: 1, maximum: 64 },
      maxValueSize: count,
      values: count,
      bytes: count,
      createdAt: time,
    },
    { description: text, ttlSeconds: count, maxBytes: count },
  ),
  Entry: object(
    {
      bucket: text,
      key: text,
      ...position,
      createdAt: time,
      operation: { enum: ['put', 'delete', 'purge', 'expire'] },
    },
    { value: anything, encoding: { enum: ['json', 'text', 'base64'] } },
  ),
  Written: object(position),
  ApiKey: object(apiKey, apiKeyOptions),
  CreatedApiKey: object({ ...apiKey, key: { type: 'string', pattern: '^ifkey_[0-9a-f]{48}$' } }, apiKeyOptions),
  Problem: object(
    {
      title: text,
      status: { type: 'integer', minimum: 400, maximum: 599 },
      detail: text,
      code: { enum: Object.entries(CODES).flatMap(([code, { status }]) => (status === undefined ? [] : [code])) },
      error: { type: 'string', description: 'The same as detail.' },
      requestId: text,
    },
    {
      fields: { type: 'object', additionalProperties: text, description: 'Place → what is wrong there.' },
      currentRevision: count,
      retryAfterMs: count,
      details: { type: 'object' },
    },
  ),
}

/** A page of a list under this name. */
export function page(name: string, items: Schema, more: Record<string, Schema> = {}): Schema {
  return object({ [name]: list(items), count, ...more }, { nextCursor: text })
}

export const entries = page('entries', ref('Entry'))

/** Where the bucket was when a page was read. */
export const pagePosition = position
