import { ValidationError } from '@ironflow/core/errors'
import { expect, test } from 'vitest'
import { bucketDefaults, createMemoryEngine, DEFAULTS } from '../src'
import { resolveOptions } from '../src/options'

const engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })

test('what is not given has its default', () => {
  expect(resolveOptions({ engine })).toMatchObject({
    isOpen: false,
    limits: DEFAULTS.limits,
    environments: undefined,
  })
  expect(resolveOptions({ engine, limits: { jsonDepth: undefined } }).limits.jsonDepth).toBe(64)
})

test('the caller’s object is neither changed nor kept', () => {
  const limits = Object.freeze({ jsonDepth: 5 })
  const corsOrigins = ['https://a.example.com']
  const resolved = resolveOptions(Object.freeze({ engine, limits, corsOrigins }))
  corsOrigins.push('https://b.example.com')
  expect(resolved.limits).toEqual({ ...DEFAULTS.limits, jsonDepth: 5 })
  expect([...resolved.corsOrigins]).toEqual(['https://a.example.com'])
})

test.each([
  ['limits.jsonDepth', { limits: { jsonDepth: 0 } }],
  ['limits.bodyBytes', { limits: { bodyBytes: 1.5 } }],
  ['limits.configHistory', { limits: { configHistory: 65 } }],
  ['limits.typo', { limits: { typo: 1 } as object }],
  ['corsOrigins', { corsOrigins: ['*'] }],
  ['environments', { environments: ['Prod'] }],
  ['bootstrapKey', { bootstrapKey: 'ifkey_short' }],
])('%s is refused by its name', (field, options) => {
  const resolve = () => resolveOptions({ engine, ...options })
  expect(resolve).toThrow(ValidationError)
  expect(resolve).toThrow(field)
})
