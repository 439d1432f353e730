/** A JSON Schema (2020-12), as OpenAPI 3.1 has them. */
export type Schema = { readonly [keyword: string]: unknown }

/** An object with exactly these members; those of `optional` may be absent. */
export function object(required: Record<string, Schema>, optional: Record<string, Schema> = {}): Schema {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  }
}

export function list(items: Schema): Schema {
  return { type: 'array', items }
}

/** A schema of `components/schemas`. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

export const text: Schema = { type: 'string' }
export const count: Schema = { type: 'integer', minimum: 0 }
export const time: Schema = { type: 'string', format: 'date-time' }
/** Anything JSON can say. */
export const anything: Schema = {}
