/**
 * Types of the documents and buckets of a client, by name: `createClient<{ configs: { limits: Limits } }>()`. Only the
 * compiler reads it.
 */
export interface Schema {
  /** The content of each config document. */
  configs?: object
  /** The values of each bucket. */
  buckets?: object
}

/** The type that `Names` has for `Name`; for any other name, `Otherwise`. */
export type TypeOf<Names, Name, Otherwise> = Name extends keyof Names ? Names[Name] : Otherwise
