import { isErrorCode } from '../errors/codes'
import type { IronflowError } from '../errors/ironflow-error'
import { errorFor } from '../errors/kinds'
import type { WatchFrame } from '../protocol/frames'

/** The error in a message. A code that this version does not know is the server's own trouble, which may pass. */
export function frameError({ code, detail, fields }: Extract<WatchFrame, { type: 'error' }>): IronflowError {
  return errorFor(isErrorCode(code) ? code : 'internal', detail, { fields })
}
