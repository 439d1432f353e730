import { METHODS, type MethodName, methodRow } from '@ironflow/core/protocol'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { openapiDocument } from '../../src'
import { AnswerChecker } from '../support/answer-checker'

interface Operation {
  operationId: string
  'x-ironflow-methods'?: { method: string }[]
  parameters?: { name: string; in: string; required?: boolean }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { content?: Record<string, { schema: object }> }>
}

const document = JSON.parse(JSON.stringify(openapiDocument('1.2.3'))) as {
  openapi: string
  info: { version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([verb, operation]) => ({ path, verb, operation })),
)

test.each(Object.keys(METHODS) as MethodName[])('%s is in it, where its row says', (method) => {
  const row = methodRow(method)
  const found = operations.filter(({ operation }) =>
    operation['x-ironflow-methods']?.some((each) => each.method === method),
  )
  expect(found).toHaveLength(1)
  const { path, verb, operation } = found[0] as (typeof operations)[number]
  expect(verb).toBe(row.verb.toLowerCase())
  expect(path).toBe(row.path.replace(/:([a-zA-Z]+)\+?/g, '{$1}'))
  expect(operation.responses).toHaveProperty(String(row.success ?? 200))
  for (const name of Object.keys(row.query ?? {})) {
    expect(operation.parameters).toContainEqual(expect.objectContaining({ name, in: 'query' }))
  }
  expect(operation.requestBody !== undefined).toBe(row.body !== undefined)
})

test('says its version', () => {
  expect(document.openapi).toBe('3.1.0')
  expect(document.info.version).toBe('1.2.3')
})

test('has an id of its own for each operation', () => {
  const ids = operations.map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(ids.length)
})

test.each(operations)('the path parameters of $verb $path are declared', ({ path, operation }) => {
  const inPath = Array.from(path.matchAll(/\{(.+?)\}/g), (found) => found[1])
  const declared = operation.parameters?.filter((each) => each.in === 'path' && each.required).map(({ name }) => name)
  expect(declared ?? []).toEqual(inPath)
})

test('every schema is one, and every reference leads somewhere', () => {
  const ajv = new Ajv2020({ strict: true, validateFormats: false })
  ajv.addVocabulary(['openapi', 'info', 'paths', 'components', 'security'])
  const absolute = (schema: object) =>
    JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as object
  ajv.addSchema({ $id: 'openapi', ...document })
  let count = 0
  for (const { operation } of operations) {
    const contents = [
      operation.requestBody?.content,
      ...Object.values(operation.responses).map(({ content }) => content),
    ]
    for (const { schema } of contents.flatMap((content) => Object.values(content ?? {}))) {
      ajv.compile(absolute(schema))
      count++
    }
  }
  expect(count).toBeGreaterThan(100)
})

describe('the checker of answers', () => {
  const checker = new AnswerChecker(document as unknown as Record<string, unknown>)
  const good = {
    verb: 'GET',
    target: '/api/v1/kv/buckets/b/keys/a',
    status: 200,
    contentType: 'application/json',
    text: '{"bucket":"b","key":"a","revision":1,"epoch":"e","createdAt":"x","operation":"put"}',
  }

  test('lets a good answer pass', () => {
    expect(checker.problem(good)).toBeUndefined()
  })

  test.each([
    ['an undocumented status', { status: 418 }],
    ['an undocumented content type', { contentType: 'text/html' }],
    ['a missing member', { text: '{"bucket":"b"}' }],
    ['a member too many', { text: good.text.replace('{', '{"extra":1,') }],
    ['a body where there is none', { status: 304 }],
  ])('finds %s', (_, change) => {
    expect(checker.problem({ ...good, ...change })).toBeDefined()
  })
})
