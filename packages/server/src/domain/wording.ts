import { type ErrorCode, errorFor, type IronflowError } from '@ironflow/core/errors'
import { parseStoredName } from './keyspace'

type Details = Readonly<Record<string, unknown>>

/** Messages for users of an engine's errors about a bucket. */
const WORDS: Partial<Record<ErrorCode, (bucket: string, environment: string, details: Details) => string>> = {
  not_found: (bucket, environment) => `there is no bucket "${bucket}" in environment "${environment}"`,
  already_exists: (bucket, environment) => `there is a bucket "${bucket}" in environment "${environment}" already`,
  storage_full: (bucket, environment, { limit, max }) =>
    `the write would take bucket "${bucket}" of environment "${environment}" beyond its ${limit} of ${max}; purge keys, or raise it`,
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
  const { bucket, environment } = name
  const message = WORDS[code]?.(bucket, environment, details) ?? error.message
  return errorFor(code, message, { ...error, details: { ...details, bucket }, cause: error })
}

/** Environments that an error lists at most. */
const MAX_LISTED = 10

/** Returns the problem with an environment that a server with a list of environments does not have. */
export function unknownEnvironment(environment: string, known: ReadonlySet<string>): string {
  const listed = [...known].slice(0, MAX_LISTED).join(', ')
  const more = known.size > MAX_LISTED ? `, and ${known.size - MAX_LISTED} more` : ''
  return `"${environment}" is not one of this server's environments: ${listed}${more}`
}
