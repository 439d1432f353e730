import { describe, expect, test } from 'vitest'
import type { KvUpdateFrame, ResetReason } from '../../src/protocol/frames'
import type { WatchKind } from '../../src/watch/kinds'
import { KV } from '../../src/watch/kv-kind'
import { ReplicaState } from '../../src/watch/replica-state'
import { changed, cursor, deleted, value } from './world'

const WANTED = { id: '1', kind: 'kv', target: 'b' } as const

/** A watch that knows the keys `a` (revision 1) and `b` (revision 2). */
function inSync() {
  const replica = new ReplicaState(KV, WANTED)
  replica.subscription()
  replica.change(value('a', 1))
  replica.change(value('b', 2))
  replica.synced({ type: 'synced', cursor: cursor(2) })
  return replica
}

const KIND: WatchKind<unknown> = KV
const sync = (replica: ReplicaState, at: string) => replica.synced({ type: 'synced', cursor: at })
const gone = (replica: ReplicaState, at: string) => sync(replica, at).map((frame) => KIND.keyOf(frame))
const reset = (replica: ReplicaState, reason: ResetReason) => replica.reset({ type: 'reset', reason })
const isTold = (replica: ReplicaState, frame: KvUpdateFrame) => replica.change(frame) !== undefined

describe('where to go on', () => {
  test('is the beginning at first, and as long as not all has come (W8)', () => {
    const replica = new ReplicaState(KV, WANTED)
    expect(replica.subscription()).toEqual({ ...WANTED, cursor: undefined })
    replica.change(value('a', 1))
    expect(replica.subscription().cursor).toBeUndefined()
  })

  test('is after the last change, or the last bookmark (W9)', () => {
    const replica = inSync()
    expect(replica.subscription().cursor).toBe(cursor(2))
    replica.change(changed('a', 5))
    expect(replica.subscription().cursor).toBe(cursor(5))
    replica.bookmark(cursor(9))
    expect(replica.subscription().cursor).toBe(cursor(9))
  })

  test('is nowhere after a reset, until all has come again', () => {
    const replica = inSync()
    reset(replica, 'history_expired')
    replica.change(value('a', 1))
    expect(replica.subscription().cursor).toBe('lost-0-0')
    sync(replica, cursor(7))
    expect(replica.subscription().cursor).toBe(cursor(7))
  })
})

describe('what was told already', () => {
  test('is dropped: a change before the cursor (W5)', () => {
    const replica = inSync()
    expect(isTold(replica, changed('a', 5))).toBe(true)
    expect(isTold(replica, changed('a', 5))).toBe(false)
    expect(isTold(replica, changed('b', 4))).toBe(false)
    expect(isTold(replica, deleted('a', 3))).toBe(false)
    expect(isTold(replica, changed('a', 6))).toBe(true)
  })

  test('is dropped when values come again after a cut in the middle of them (W5)', () => {
    const replica = new ReplicaState(KV, WANTED)
    replica.subscription()
    expect(isTold(replica, value('a', 1))).toBe(true)
    replica.subscription()
    expect(isTold(replica, value('a', 1))).toBe(false)
    expect(isTold(replica, value('b', 2))).toBe(true)
    expect(gone(replica, cursor(2))).toEqual([])
  })

  test('is dropped when all values come again after a reset (W5)', () => {
    const replica = inSync()
    reset(replica, 'history_expired')
    expect(isTold(replica, value('a', 1))).toBe(false)
    expect(isTold(replica, value('b', 4))).toBe(true)
    expect(gone(replica, cursor(4))).toEqual([])
  })

  test('is an older value of the same store, too (W5)', () => {
    const replica = inSync()
    reset(replica, 'history_expired')
    expect(isTold(replica, value('b', 1))).toBe(false)
  })

  test.each(['epoch_changed', 'ahead_of_store', 'bucket_deleted'] as const)(
    'is not a value of another life (%s), though its revision is no higher (W16)',
    (reason) => {
      const replica = inSync()
      reset(replica, reason)
      expect(isTold(replica, { ...value('b', 1), createdAt: '2025-06-01T00:00:00.000Z' })).toBe(true)
      expect(isTold(replica, { ...value('a', 1), createdAt: '2025-06-01T00:00:00.000Z' })).toBe(true)
    },
  )

  test('is the very same state in a store that was restored', () => {
    const replica = inSync()
    reset(replica, 'epoch_changed')
    expect(isTold(replica, value('a', 1))).toBe(false)
  })

  test('begins anew with the cursors of another store', () => {
    const replica = inSync()
    reset(replica, 'epoch_changed')
    sync(replica, cursor(1, 'f'))
    expect(isTold(replica, { ...changed('a', 2), cursor: cursor(2, 'f') })).toBe(true)
  })
})

describe('what went away while nobody was told', () => {
  test('is told when all has come again (W13)', () => {
    const replica = inSync()
    reset(replica, 'bucket_deleted')
    replica.change(value('b', 8))
    const [frame, ...others] = sync(replica, `e-8-${Date.UTC(2026, 1, 1)}`)
    expect(others).toEqual([])
    expect(frame).toEqual({
      type: 'kv_update',
      bucket: 'b',
      key: 'a',
      operation: 'delete',
      revision: 8,
      epoch: 'e',
      createdAt: '2026-02-01T00:00:00.000Z',
      initial: true,
    })
  })

  test('is found out also across a cut in the middle of the values (W13)', () => {
    const replica = inSync()
    reset(replica, 'history_expired')
    replica.change(value('a', 1))
    replica.subscription()
    reset(replica, 'epoch_changed')
    replica.change(value('b', 2))
    expect(gone(replica, cursor(4))).toEqual(['a'])
  })

  test('is found out where the cut came before a first watch was in sync', () => {
    const replica = new ReplicaState(KV, WANTED)
    replica.subscription()
    replica.change(value('a', 1))
    replica.subscription()
    expect(gone(replica, cursor(4))).toEqual(['a'])
  })

  test('is told once (W13)', () => {
    const replica = inSync()
    reset(replica, 'bucket_deleted')
    expect(gone(replica, cursor(4))).toEqual(['a', 'b'])
    reset(replica, 'bucket_deleted')
    expect(gone(replica, cursor(5))).toEqual([])
  })

  test('is not what was told as deleted (W13)', () => {
    const replica = inSync()
    replica.change(deleted('a', 3))
    reset(replica, 'history_expired')
    expect(gone(replica, cursor(4))).toEqual(['b'])
  })

  test('is not what comes as deleted among the values (W13)', () => {
    const replica = inSync()
    reset(replica, 'history_expired')
    expect(isTold(replica, { ...deleted('a', 3), cursor: undefined, initial: true })).toBe(true)
    expect(gone(replica, cursor(4))).toEqual(['b'])
  })

  test('is nothing after a cut that the server can bridge', () => {
    const replica = inSync()
    replica.subscription()
    expect(gone(replica, cursor(4))).toEqual([])
  })
})
