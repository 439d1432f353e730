import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Harness } from '../support/harness'

/** The lists that leave out what a key may not see, and the name that a cursor of theirs holds. */
const LISTS = [
  { target: '/api/v1/config', items: 'configs', resource: 'config', nameOf: (item: { name: string }) => item.name },
  { target: '/api/v1/kv/buckets', items: 'buckets', resource: 'kv', nameOf: (item: { name: string }) => item.name },
] as const

const names = fc.uniqueArray(fc.stringMatching(/^[a-c]{1,3}$/), { minLength: 1, maxLength: 20 })
const scopes = fc.uniqueArray(fc.stringMatching(/^([a-c]{1,2}\*|[a-c]{1,3})$/), { minLength: 1, maxLength: 3 })

/** What a cursor holds, for those who look into it. */
const namedBy = (cursor: string) => Buffer.from(cursor, 'base64url').toString().replace(/^\w+:/, '')

/** All pages of a list, to its end. */
async function walk(harness: Harness, target: string, key: string, limit: number) {
  const pages = []
  let cursor = ''
  do {
    const { json } = await harness.request('GET', `${target}?limit=${limit}${cursor}`, { key })
    pages.push(json)
    cursor = json.nextCursor ? `&cursor=${json.nextCursor}` : ''
  } while (cursor !== '' && pages.length < 100)
  return pages
}

test.each(LISTS)(
  '$target: the pages are the visible names, and cursors name only these',
  { timeout: 30_000 },
  async (list) => {
    const { target, items, resource, nameOf } = list
    await fc.assert(
      fc.asyncProperty(names, scopes, fc.integer({ min: 1, max: 4 }), async (all, admitted, limit) => {
        const harness = new Harness()
        // Makes a bucket of the server's own, whose name comes before some of the others.
        await harness.request('POST', '/api/v1/config/Z', { body: {} })
        for (const name of all) {
          if (resource === 'kv') await harness.put(`${name}/keys/k`, 1)
          else await harness.request('POST', `/api/v1/config/${name}`, { body: {} })
        }
        const key = await harness.key({ role: 'viewer', scopes: admitted.map((name) => `read:${resource}:${name}`) })
        const pages = await walk(harness, target, key, limit)
        const isVisible = (name: string) =>
          admitted.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each))
        expect(pages.flatMap((page) => page[items].map(nameOf))).toEqual(all.filter(isVisible).sort())
        for (const { [items]: shown, count, nextCursor } of pages) {
          expect(count).toBe(shown.length)
          if (nextCursor === undefined) continue
          expect(shown).toHaveLength(limit)
          expect(namedBy(nextCursor)).toBe(nameOf(shown.at(-1)))
        }
        await harness.server.close()
      }),
      { numRuns: 40 },
    )
  },
)

test('the list of API keys: cursors name only keys that the caller covers', async () => {
  const harness = new Harness()
  const manager = await harness.key({ role: 'admin', scopes: ['admin:apikeys:*', 'read:kv:a*'] })
  for (let index = 0; index < 20; index++) {
    await harness.key({ role: 'viewer', scopes: [index % 3 === 0 ? 'read:kv:ab' : 'read:kv:b'] })
  }
  const pages = await walk(harness, '/api/v1/apikeys', manager, 3)
  const ids = pages.flatMap(({ apiKeys }) => apiKeys.map(({ id }: { id: string }) => id))
  expect(ids).toHaveLength(8)
  expect(new Set(ids).size).toBe(8)
  for (const { apiKeys, nextCursor } of pages) {
    if (nextCursor !== undefined) expect(namedBy(nextCursor)).toBe(apiKeys.at(-1).id)
  }
})

test('a list of buckets never names the buckets of the server', async () => {
  const harness = new Harness()
  for (const name of ['A', 'Z']) await harness.put(`${name}/keys/k`, 1)
  await harness.request('POST', '/api/v1/config/a', { body: {} })
  for (const { nextCursor = '' } of await walk(
    harness,
    '/api/v1/kv/buckets',
    await harness.key({ role: 'admin' }),
    1,
  )) {
    expect(namedBy(nextCursor)).not.toContain('SYS_')
  }
})
