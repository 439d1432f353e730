import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { pragma } from '../../../src/engine/sqlite/database'
import { openDatabase } from '../../../src/engine/sqlite/driver'
import { openForTest, openIn, temporaryDirectory, text } from './store-directory'

const BUCKET = 'APP_default_b'

/** A copy of a store that the first version of format 1 made, at revision 11. */
async function storeOfFormat1(): Promise<string> {
  const directory = join(await temporaryDirectory(), 'data')
  await cp(fileURLToPath(new URL('fixtures/format-1', import.meta.url)), directory, { recursive: true })
  return directory
}

it('a store of format 1 opens with all it holds', async () => {
  const engine = await openForTest(await storeOfFormat1())
  expect(await engine.bucketInfo(BUCKET)).toMatchObject({ history: 3, description: 'format 1', values: 3 })
  expect((await engine.history(BUCKET, 'text', { limit: 9 })).map(({ value }) => value)).toEqual(
    ['4', '3', '2'].map(text),
  )
  expect(await engine.get(BUCKET, 'bytes')).toMatchObject({ value: { bytes: Uint8Array.of(0, 255) } })
  expect(await engine.get(BUCKET, 'gone')).toMatchObject({ operation: 'delete' })
  expect(await engine.get('APP_default_SYS_config', 'limits')).toMatchObject({ value: { text: '{"seats":5}' } })
  expect(await engine.get(BUCKET, 'json')).not.toHaveProperty('meta')
})

it('a store of format 1 takes what came with format 2, and keeps it', async () => {
  const directory = await storeOfFormat1()
  const engine = await openIn(directory)
  const options = { once: 'mine', meta: { author: 'ada' } }
  const put = await engine.put(BUCKET, 'k', text('v'), options)
  await engine.updateBucket(BUCKET, { ttlSeconds: 60 })
  await engine.close()
  const again = await openForTest(directory)
  expect(await again.put(BUCKET, 'k', text('v'), options)).toEqual({ ...put, repeated: true })
  expect(await again.get(BUCKET, 'k')).toMatchObject({ meta: { author: 'ada' }, expiresAt: expect.any(Number) })
})

it('a migration is done once', async () => {
  const directory = await storeOfFormat1()
  for (let start = 0; start < 2; start++) await (await openIn(directory)).close()
  const db = openDatabase(join(directory, 'ironflow.db'), { readonly: true })
  expect(pragma(db, 'user_version')).toBe(2)
  db.close()
})
