import { describe, expect, test } from 'vitest'
import type { KvUpdateFrame, ResetReason } from '../../src/protocol/frames'
import { KV } from '../../src/watch/kv-kind'
import { Progress } from '../../src/watch/progress'
import { changed, cursor, deleted, value } from './world'

const WANTED = { id: '1', kind: 'kv', target: 'b' } as const

/** A watch that knows the keys `a` (revision 1) and `b` (revision 2). */
function inSync() {
  const progress = new Progress(KV, WANTED)
  progress.subscription()
  progress.change(value('a', 1))
  progress.change(value('b', 2))
  progress.synced({ type: 'synced', cursor: cursor(2) })
  return progress
}

const sync = (progress: Progress, at: string) => progress.synced({ type: 'synced', cursor: at })
const gone = (progress: Progress, at: string) => sync(progress, at).map((frame) => KV.keyOf(frame))
const reset = (progress: Progress, reason: ResetReason) => progress.reset({ type: 'reset', reason })
const isTold = (progress: Progress, frame: KvUpdateFrame) => progress.change(frame) !== undefined

describe('where to go on', () => {
  test('is the beginning at first, and as long as not all has come', () => {
    const progress = new Progress(KV, WANTED)
    expect(progress.subscription()).toEqual({ ...WANTED, cursor: undefined })
    progress.change(value('a', 1))
    expect(progress.subscription().cursor).toBeUndefined()
  })

  test('is after the last change, or the last bookmark', () => {
    const progress = inSync()
    expect(progress.subscription().cursor).toBe(cursor(2))
    progress.change(changed('a', 5))
    expect(progress.subscription().cursor).toBe(cursor(5))
    progress.bookmark(cursor(9))
    expect(progress.subscription().cursor).toBe(cursor(9))
  })

  test('is nowhere after a reset, until all has come again', () => {
    const progress = inSync()
    reset(progress, 'history_expired')
    progress.change(value('a', 1))
    expect(progress.subscription().cursor).toBe('lost-0-0')
    sync(progress, cursor(7))
    expect(progress.subscription().cursor).toBe(cursor(7))
  })
})

describe('what was told already', () => {
  test('is dropped: a change before the cursor', () => {
    const progress = inSync()
    expect(isTold(progress, changed('a', 5))).toBe(true)
    expect(isTold(progress, changed('a', 5))).toBe(false)
    expect(isTold(progress, changed('b', 4))).toBe(false)
    expect(isTold(progress, deleted('a', 3))).toBe(false)
    expect(isTold(progress, changed('a', 6))).toBe(true)
  })

  test('is dropped when values come again after a cut in the middle of them', () => {
    const progress = new Progress(KV, WANTED)
    progress.subscription()
    expect(isTold(progress, value('a', 1))).toBe(true)
    progress.subscription()
    expect(isTold(progress, value('a', 1))).toBe(false)
    expect(isTold(progress, value('b', 2))).toBe(true)
    expect(gone(progress, cursor(2))).toEqual([])
  })

  test('is dropped when all values come again after a reset', () => {
    const progress = inSync()
    reset(progress, 'history_expired')
    expect(isTold(progress, value('a', 1))).toBe(false)
    expect(isTold(progress, value('b', 4))).toBe(true)
    expect(gone(progress, cursor(4))).toEqual([])
  })

  test('is an older value of the same store, too', () => {
    const progress = inSync()
    reset(progress, 'history_expired')
    expect(isTold(progress, value('b', 1))).toBe(false)
  })

  test.each(['epoch_changed', 'ahead_of_store', 'bucket_deleted'] as const)(
    'is not a value of another life (%s), though its revision is no higher',
    (reason) => {
      const progress = inSync()
      reset(progress, reason)
      expect(isTold(progress, { ...value('b', 1), createdAt: '2025-06-01T00:00:00.000Z' })).toBe(true)
      expect(isTold(progress, { ...value('a', 1), createdAt: '2025-06-01T00:00:00.000Z' })).toBe(true)
    },
  )

  test('is the very same state in a store that was restored', () => {
    const progress = inSync()
    reset(progress, 'epoch_changed')
    expect(isTold(progress, value('a', 1))).toBe(false)
  })

  test('begins anew with the cursors of another store', () => {
    const progress = inSync()
    reset(progress, 'epoch_changed')
    sync(progress, cursor(1, 'f'))
    expect(isTold(progress, { ...changed('a', 2), cursor: cursor(2, 'f') })).toBe(true)
  })
})

describe('what went away while nobody was told', () => {
  test('is told when all has come again', () => {
    const progress = inSync()
    reset(progress, 'bucket_deleted')
    progress.change(value('b', 8))
    const [frame, ...others] = sync(progress, `e-8-${Date.UTC(2026, 1, 1)}`)
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

  test('is found out also across a cut in the middle of the values', () => {
    const progress = inSync()
    reset(progress, 'history_expired')
    progress.change(value('a', 1))
    progress.subscription()
    reset(progress, 'epoch_changed')
    progress.change(value('b', 2))
    expect(gone(progress, cursor(4))).toEqual(['a'])
  })

  test('is found out where the cut came before a first watch was in sync', () => {
    const progress = new Progress(KV, WANTED)
    progress.subscription()
    progress.change(value('a', 1))
    progress.subscription()
    expect(gone(progress, cursor(4))).toEqual(['a'])
  })

  test('is told once', () => {
    const progress = inSync()
    reset(progress, 'bucket_deleted')
    expect(gone(progress, cursor(4))).toEqual(['a', 'b'])
    reset(progress, 'bucket_deleted')
    expect(gone(progress, cursor(5))).toEqual([])
  })

  test('is not what was told as deleted', () => {
    const progress = inSync()
    progress.change(deleted('a', 3))
    reset(progress, 'history_expired')
    expect(gone(progress, cursor(4))).toEqual(['b'])
  })

  test('is not what comes as deleted among the values', () => {
    const progress = inSync()
    reset(progress, 'history_expired')
    expect(isTold(progress, { ...deleted('a', 3), cursor: undefined, initial: true })).toBe(true)
    expect(gone(progress, cursor(4))).toEqual(['b'])
  })

  test('is nothing after a cut that the server can bridge', () => {
    const progress = inSync()
    progress.subscription()
    expect(gone(progress, cursor(4))).toEqual([])
  })
})
