import type { Encoding, Operation } from '@ironflow/core/protocol'

/** Operations by the number they are stored as. Only ever append: the numbers are in people's files. */
export const OPERATIONS = ['put', 'delete', 'purge', 'expire'] as const satisfies Operation[]

/** Encodings by the number they are stored as. Only ever append. */
export const ENCODINGS = ['json', 'text', 'base64'] as const satisfies Encoding[]
