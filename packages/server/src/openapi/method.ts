import type { MethodName, MethodRow } from '@ironflow/core/protocol'

/** A method and its row. */
export interface Method {
  readonly method: MethodName
  readonly row: MethodRow
}
