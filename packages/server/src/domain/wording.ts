import { type ErrorCode, errorFor, type IronflowError } from '@ironflow/core/errors'
import { parseStoredName } from './keyspace'

type Details = Readonly<Record<string, unknown>>

/** Messages for users of an engine's errors about a bucket. */
const WORDS: Partial<Record<ErrorCode, (bucket: string, details: Details) => string>> = {
  not_found: (bucket) => `there is no bucket ${bucket}`,
  already_exists: (bucket) => `there is a bucket ${bucket} already`,
  storage_full: (bucket, { limit, max }) => `the write would take bucket ${bucket} beyond its ${limit} of ${max}`,
}

/**
 * Returns an engine's error in the words of the domain. An engine names a bucket in its details, by the name that it is
 * stored under; its users know it by another. Any other error is returned as it is.
 */
export function inUserWords(error: IronflowError): IronflowError {
  const { code, details } = error
  const stored = details?.bucket
  const name = typeof stored === 'string' ? parseStoredName(stored) : undefined
  if (!details || !name) return error
  const { bucket } = name
  const message = WORDS[code]?.(bucket, details) ?? error.message
  return errorFor(code, message, { ...error, details: { ...details, bucket }, cause: error })
}
