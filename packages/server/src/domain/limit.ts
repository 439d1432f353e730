import { type ErrorCode, errorFor, type IronflowError } from '@ironflow/core/errors'
import type { Limits } from '../options'

/** The error of a limit that was met. It names the limit, so that its owner knows what to raise. */
export function beyondLimit(code: ErrorCode, what: string, limit: keyof Limits, limits: Limits): IronflowError {
  const max = limits[limit]
  return errorFor(code, `${what} (limit ${limit}: ${max})`, { details: { limit, max } })
}
