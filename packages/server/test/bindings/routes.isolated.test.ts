import type { MethodRow } from '@ironflow/core/protocol'
import { expect, test, vi } from 'vitest'

/** The routes of a method table in which exactly these rows are cached. */
async function routesWhereCached(...methods: string[]) {
  vi.resetModules()
  vi.doMock('@ironflow/core/protocol', async (importOriginal) => {
    const protocol = await importOriginal<typeof import('@ironflow/core/protocol')>()
    const rows = Object.entries<MethodRow>(protocol.METHODS).map(([method, { cached: _, ...row }]) => [
      method,
      methods.includes(method) ? { ...row, cached: true } : row,
    ])
    return { ...protocol, METHODS: Object.fromEntries(rows) }
  })
  return import('../../src/bindings/routes')
}

test('the method whose responses are cached is the one whose row says so', async () => {
  const { cachedRoute } = await routesWhereCached('config.get')
  expect(cachedRoute()).toMatchObject({ method: 'config.get', row: { path: '/api/v1/config/:name' } })
})

test('a method table with no cached row, or with two, is refused', async () => {
  expect((await routesWhereCached()).cachedRoute).toThrow('one row')
  expect((await routesWhereCached('kv.get', 'config.get')).cachedRoute).toThrow('one row')
})
