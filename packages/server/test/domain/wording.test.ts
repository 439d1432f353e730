import { errorFor } from '@ironflow/core/errors'
import { expect, test } from 'vitest'
import { inUserWords } from '../../src/domain/wording'
import { bucketExists, bucketFull, noBucket } from '../../src/engine/failures'
import { Harness } from '../support/harness'

const STORED = 'APP_prod_sessions'

test.each([
  ['not there', noBucket(STORED), 'there is no bucket "sessions" in environment "prod"'],
  ['there already', bucketExists(STORED), 'there is a bucket "sessions" in environment "prod" already'],
  [
    'full',
    bucketFull(STORED, 10),
    'the write would take bucket "sessions" of environment "prod" beyond its maxBytes of 10; purge keys, or raise it',
  ],
])('an engine’s error about a bucket that is %s has the name that users know', (_, error, message) => {
  const worded = inUserWords(error)
  expect(worded).toMatchObject({ code: error.code, status: error.status, message, cause: error })
  expect(worded.details).toEqual({ ...error.details, bucket: 'sessions' })
  expect(error.message).not.toContain(STORED)
})

test('any other error is the same object', () => {
  for (const error of [
    errorFor('not_found', 'there is no key APP_prod_x'),
    errorFor('already_exists', 'there is one', { details: { bucket: 'sessions' } }),
    errorFor('storage_full', 'the disk is full', { details: { limit: 'bucketsPerEnvironment', max: 1 } }),
  ]) {
    expect(inUserWords(error)).toBe(error)
  }
})

test('a key that looks like a stored name is told as it is', async () => {
  const harness = new Harness()
  const { json } = await harness.get('b/keys/APP_default_x')
  expect(json.detail).toBe('there is no key "APP_default_x" in bucket "b" of environment "default"')
})

test('a bucket that is full says so to its caller, by its own name', async () => {
  const harness = new Harness()
  await harness.request('POST', '/api/v1/kv/buckets', { body: { name: 'small', maxBytes: 10 } })
  const { status, json } = await harness.put('small/keys/a', { text: 'x'.repeat(20) })
  expect(status).toBe(507)
  expect(json.detail).toMatch(
    /^the write would take bucket "small" of environment "default" beyond its maxBytes of 10; /,
  )
  expect(json.details).toEqual({ bucket: 'small', limit: 'maxBytes', max: 10 })
})
