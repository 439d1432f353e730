import { matchPath } from '@ironflow/core/protocol'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

/** The parts of an OpenAPI document that an answer is checked by. */
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown> }
}

interface Operation {
  responses: Record<string, Response | Reference>
}

interface Response {
  content?: Record<string, { schema: object }>
}

interface Reference {
  $ref: string
}

/**
 * A `fetch` that checks every answer against the server's own OpenAPI document: the route must be in it, the status must
 * be one the route declares, the content type one of that status, and a JSON body must fit the schema. An answer that
 * does not makes the call fail with a plain `Error`.
 */
export async function checkedFetch(url: string, apiKey: string | undefined): Promise<CheckedFetch> {
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  const document = (await (await fetch(`${url}/api/v1/openapi.json`, { headers })).json()) as Document
  const check = answerChecker(document)
  const checking: CheckedFetch = Object.assign(
    async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
      const answer = await fetch(input, init)
      await check(new URL(String(input)).pathname, init?.method ?? 'GET', answer.clone())
      checking.checked += 1
      return answer
    },
    { checked: 0, check },
  )
  return checking
}

/** A `fetch` that checks, how often it did, and the check by itself, for answers that came another way. */
export type CheckedFetch = typeof fetch & { checked: number; check: ReturnType<typeof answerChecker> }

/** What makes one answer an allowed one. Rejects with an `Error` that names what is wrong. */
export function answerChecker(document: Document) {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, 'openapi')
  const compiled = new Map<string, ValidateFunction>()

  return async (path: string, method: string, answer: globalThis.Response): Promise<void> => {
    const where = `${method} ${path} → ${answer.status}`
    const template = Object.keys(document.paths).find((candidate) => matches(candidate, path))
    const operation = template && document.paths[template]?.[method.toLowerCase()]
    if (!template || !operation) throw new Error(`${where}: the route is not in the OpenAPI document`)
    const pointer = ['paths', template, method.toLowerCase(), 'responses', String(answer.status)]
    const declared = resolve(document, operation.responses[answer.status], pointer)
    if (!declared) throw new Error(`${where}: the status is not declared`)

    const type = answer.headers.get('content-type')?.split(';')[0]
    if (type === 'text/event-stream' && declared.response.content?.[type]) {
      // Its body has no end that could be waited for; and as the caller reads it too, neither has this.
      answer.body?.cancel().catch(() => undefined)
      return
    }
    const body = await answer.text()
    if (declared.response.content === undefined) {
      if (body !== '') throw new Error(`${where}: a body that is not declared`)
      return
    }
    if (type === undefined || !declared.response.content[type])
      throw new Error(`${where}: content type ${type} is not declared`)
    if (!type.endsWith('json')) return
    const reference = `openapi#/${[...declared.pointer, 'content', type, 'schema'].map(escapePointer).join('/')}`
    const validate = compiled.get(reference) ?? ajv.compile({ $ref: reference })
    compiled.set(reference, validate)
    if (!validate(JSON.parse(body)))
      throw new Error(`${where}: ${ajv.errorsText(validate.errors)} in ${body.slice(0, 500)}`)
  }
}

/** OpenAPI's `{key}` may hold slashes, encoded or plain, so the router's own matching serves here too. */
function matches(template: string, path: string): boolean {
  return matchPath(template.replace('{key}', ':key+').replace(/\{(\w+)\}/g, ':$1'), path) !== undefined
}

function resolve(document: Document, response: Response | Reference | undefined, pointer: string[]) {
  if (response === undefined) return undefined
  if (!('$ref' in response)) return { response, pointer }
  const target = response.$ref.slice('#/'.length).split('/')
  const found = target.reduce<unknown>((node, part) => (node as Record<string, unknown>)[part], document)
  return { response: found as Response, pointer: target }
}

function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
