import { expect, test } from 'vitest'
import { bucketDefaults, createMemoryEngine } from '../../src'
import { bucketOf, configBucket, listEnvironments, parseStoredName, storedName } from '../../src/domain/keyspace'

test.each([
  ['prod', 'eu-flags'],
  ['prod-eu', 'flags'],
  ['a', '_'],
  ['a', '__x_y_'],
  ['0-', 'APP_b_c'],
])('environment %s and bucket %s come back from their stored name', (environment, bucket) => {
  const stored = storedName(environment, bucket)
  expect(parseStoredName(stored)).toEqual({ environment, bucket })
  expect(bucketOf(environment, stored)).toBe(bucket)
})

test.each(['SYS_apikeys', 'APP_', 'APP_prod', 'APP_Prod_x', 'APP__x', 'other'])(
  '%s is no bucket of an environment',
  (stored) => {
    expect(parseStoredName(stored)).toBeUndefined()
  },
)

test('environments are listed once each, in order, with one look for each', async () => {
  const engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
  const names = ['SYS_apikeys', 'APP_nonsense', configBucket('b')]
  for (const environment of ['prod', 'prod-eu', 'a', 'zz']) {
    for (const bucket of ['x', 'y', '~', 'Z']) names.push(storedName(environment, bucket))
  }
  for (const name of names) await engine.createBucket(name, bucketDefaults())
  let looks = 0
  const { listBuckets } = engine
  engine.listBuckets = (...args) => {
    looks++
    return listBuckets.apply(engine, args)
  }
  expect(await listEnvironments(engine)).toEqual(['a', 'b', 'prod', 'prod-eu', 'zz'])
  expect(looks).toBe(7)
})
