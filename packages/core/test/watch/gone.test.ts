import { expect, test } from 'vitest'
import { CONFIG, type ConfigDelete } from '../../src/watch/config-kind'
import type { WatchKind } from '../../src/watch/kinds'
import { ReplicaState } from '../../src/watch/replica-state'

const updatedAt = '2026-01-01T00:00:00.000Z'

/** What a user is told who knows revision 7 of a document, when it turns out at `cursor` that it is gone. */
function goneAt(cursor: string): ConfigDelete | undefined {
  const kind: WatchKind<unknown> = CONFIG
  const replica = new ReplicaState(kind, { id: '1', kind: 'config', target: 'limits' })
  replica.change({
    type: 'config_update',
    name: 'limits',
    data: {},
    revision: 7,
    epoch: 'e',
    updatedAt,
    cursor: 'e-7-1',
  })
  replica.reset({ type: 'reset', reason: 'bucket_deleted' })
  const [gone] = replica.synced({ type: 'synced', cursor })
  return gone && (kind.read(gone) as ConfigDelete)
}

test('a deletion that nobody saw has the revision at which it was found', () => {
  expect(goneAt('e-12-1767225600000')).toEqual({
    type: 'config_delete',
    name: 'limits',
    revision: 12,
    epoch: 'e',
    updatedAt,
    initial: true,
  })
})

test('a deletion with the whole bucket, which has no revision then, is still after what was told', () => {
  expect(goneAt('e-0-1767225600000')).toMatchObject({ type: 'config_delete', revision: 8 })
})

test('a key that comes again before all has come, as a change, is not gone (W13)', () => {
  const kind: WatchKind<unknown> = CONFIG
  const replica = new ReplicaState(kind, { id: '1', kind: 'config', target: 'limits' })
  const update = { type: 'config_update', name: 'limits', data: {}, updatedAt } as const
  replica.change({ ...update, revision: 7, epoch: 'e', cursor: 'e-7-1' })
  replica.reset({ type: 'reset', reason: 'bucket_deleted' })
  expect(replica.change({ ...update, revision: 12, epoch: 'e', cursor: 'e-12-1' })).toMatchObject({ revision: 12 })
  expect(replica.synced({ type: 'synced', cursor: 'e-12-1' })).toEqual([])
})
