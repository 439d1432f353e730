import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

/** An answer as it came. */
export interface Answered {
  verb: string
  /** Path and query as they were sent. */
  target: string
  status: number
  contentType: string | undefined
  text: string
}

interface Operation {
  responses: Record<string, { content?: Record<string, { schema: object }> }>
}

/**
 * Checks answers against an OpenAPI document: their operation, their status, their content type, their body. Answers
 * that belong to no operation (unknown routes, preflights, 405) are left alone.
 */
export class AnswerChecker {
  /** How many answers had an operation to be checked against. */
  checked = 0
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false })
  private readonly paths: { pattern: RegExp; item: Record<string, Operation> }[]
  private readonly validators = new Map<object, ValidateFunction>()

  constructor(document: Record<string, unknown>) {
    this.ajv.addSchema({ $id: 'openapi', ...(document as object) })
    this.paths = Object.entries(document.paths as Record<string, Record<string, Operation>>).map(([path, item]) => ({
      pattern: new RegExp(`^${path.replace(/\{key\}/g, '.+').replace(/\{[a-zA-Z]+\}/g, '[^/]+')}$`),
      item,
    }))
  }

  /** What is wrong with an answer, or `undefined`. */
  problem({ verb, target, status, contentType, text }: Answered): string | undefined {
    const path = target.split('?', 1)[0] ?? ''
    const candidates = this.paths.filter(({ pattern }) => pattern.test(path))
    const operation = candidates.at(-1)?.item[(verb === 'HEAD' ? 'GET' : verb).toLowerCase()]
    if (!operation) return undefined
    this.checked++
    const response = operation.responses[status]
    if (!response) return `status ${status} is not documented`
    if (!response.content) return text === '' ? undefined : 'a body where none is documented'
    const media = contentType?.split(';', 1)[0] ?? 'none'
    const schema = response.content[media]?.schema
    if (!schema) return `content type ${media} is not documented`
    if (!media.endsWith('json') || verb === 'HEAD') return undefined
    const validate = this.validator(schema)
    return validate(JSON.parse(text)) ? undefined : this.ajv.errorsText(validate.errors)
  }

  private validator(schema: object): ValidateFunction {
    const known = this.validators.get(schema)
    if (known) return known
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as object
    const validate = this.ajv.compile(absolute)
    this.validators.set(schema, validate)
    return validate
  }
}
