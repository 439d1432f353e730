import { expect, test } from 'vitest'
import { isMutating, METHODS, type MethodName, type MethodRow, methodRow } from '../../src/protocol/methods'

const ROWS = Object.entries<MethodRow>(METHODS) as Array<[MethodName, MethodRow]>

test('everything but a GET changes something', () => {
  const reading = ROWS.filter(([, row]) => !isMutating(row)).map(([name]) => name)
  expect(reading).toEqual([
    'config.list',
    'config.get',
    'config.history',
    'kv.listBuckets',
    'kv.getBucketInfo',
    'kv.entries',
    'kv.keys',
    'kv.history',
    'kv.get',
    'admin.apiKeys.list',
    'admin.environments',
  ])
  for (const name of reading) expect(methodRow(name).access).not.toBe('write')
})

test('of rows with one route only the last has no condition', () => {
  const routes = grouped()
  for (const rows of routes.values()) {
    for (const [, row] of rows.slice(0, -1)) expect(row.when).toBeDefined()
    expect(rows.at(-1)?.[1].when).toBeUndefined()
  }
})

test('only what makes a secret is made once', () => {
  expect(ROWS.filter(([, row]) => row.once).map(([name]) => name)).toEqual(['admin.apiKeys.create'])
})

test('a row that answers nothing has no body to read', () => {
  for (const [name, row] of ROWS) {
    if (row.success === 204) expect(`${name} ${row.verb}`).toBe(`${name} DELETE`)
  }
})

function grouped(): Map<string, Array<[MethodName, MethodRow]>> {
  const routes = new Map<string, Array<[MethodName, MethodRow]>>()
  for (const entry of ROWS) {
    const route = `${entry[1].verb} ${entry[1].path}`
    routes.set(route, [...(routes.get(route) ?? []), entry])
  }
  return routes
}
