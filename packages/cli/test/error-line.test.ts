import { ConflictError, ConnectionError, IronflowError, NotFoundError, UnauthenticatedError } from '@ironflow/core'
import { expect, it } from 'vitest'
import { CommandFailed } from '../src/command-failed'
import { errorLine } from '../src/error-line'
import { UsageError } from '../src/usage-error'

const notFound = (method: string) => new NotFoundError('there is no x', 'not_found', { method })

it.each<[unknown, string]>([
  [new UsageError('--name is missing'), '--name is missing'],
  [new CommandFailed('the check of the key failed', 5), 'the check of the key failed'],
  [new IronflowError('the disk is full', 'storage_full'), 'the disk is full'],
  [
    new ConnectionError('connect ECONNREFUSED', 'connection_failed'),
    'connect ECONNREFUSED; to find out why: ironflow doctor',
  ],
  [new UnauthenticatedError('no key', 'unauthenticated'), 'no key; give a valid key with --key or IRONFLOW_API_KEY'],
  [
    new ConflictError('expected revision 1 of a, but it is at 2', 'revision_conflict'),
    'expected revision 1 of a, but it is at 2',
  ],
  [notFound('config.get'), 'there is no x; to see what there is: ironflow config list'],
  [notFound('kv.get'), 'there is no x; to see what there is: ironflow kv list <bucket>'],
  [notFound('kv.deleteBucket'), 'there is no x; to see what there is: ironflow bucket list'],
  [notFound('admin.apiKeys.revoke'), 'there is no x; to see what there is: ironflow apikey list'],
  [Object.assign(new Error('listen EADDRINUSE'), { syscall: 'listen' }), 'listen EADDRINUSE'],
  [new TypeError('a is\n  undefined'), 'unexpected error: TypeError: a is undefined; for its stack: IRONFLOW_DEBUG=1'],
  ['thrown text', 'unexpected error: thrown text; for its stack: IRONFLOW_DEBUG=1'],
])('%s is one line without a stack', (thrown, text) => {
  expect(errorLine(thrown)).toBe(`ironflow: ${text}\n`)
})
