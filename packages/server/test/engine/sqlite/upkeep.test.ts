import { join } from 'node:path'
import type { Position } from '@ironflow/core/protocol'
import { expect, it, onTestFinished } from 'vitest'
import type { BucketConfig } from '../../../src/engine/bucket-config'
import { openDatabase } from '../../../src/engine/sqlite/driver'
import { findStore } from '../../../src/engine/sqlite/installation'
import type { BatchReport, Outcome, Write } from '../../../src/engine/sqlite/messages'
import { Reader } from '../../../src/engine/sqlite/reader'
import { Writer } from '../../../src/engine/sqlite/writer'
import { openForTest, openIn, temporaryDirectory, text } from './store-directory'

/** More than two steps take. */
const KEYS = 1_300

const keyOf = (n: number) => `k${String(n).padStart(5, '0')}`

/** What of an entry's write these tests have no use for. */
const PLAIN = {
  expectedRevision: undefined,
  expectedEpoch: undefined,
  meta: undefined,
  once: undefined,
  bucketConfig: undefined,
} as const

/** A store, as its worker has it, with a clock and a reader. */
class Store {
  now = 1_000_000
  readonly reports: BatchReport[] = []
  writer: Writer
  readonly path: string
  readonly reader: Reader

  constructor(readonly directory: string) {
    this.path = join(directory, 'ironflow.db')
    this.writer = this.#open()
    this.reader = new Reader(this.path, 'e', () => this.now)
  }

  commit(...writes: Write[]): Outcome[] {
    const report = this.writer.commit(writes, 0)
    this.reports.push(report)
    return report.outcomes
  }

  put(key: string, bucket = 'b'): Write {
    const [value, now] = ['v', this.now]
    return { do: 'put', bucket, key, encoding: 1, value, bytes: 1, keyExpiresAt: undefined, now, ...PLAIN }
  }

  /** Makes the bucket with that many keys. */
  fill(config: Partial<BucketConfig> = {}): void {
    const { now } = this
    const options = { history: 1, maxValueSize: 1_000, ...config }
    this.commit({ do: 'createBucket', bucket: 'b', config: options, once: undefined, now })
    this.commit(...Array.from({ length: KEYS }, (_, n) => this.put(keyOf(n))))
  }

  update(changes: Partial<BucketConfig>): Outcome {
    return this.commit({ do: 'updateBucket', bucket: 'b', changes, once: undefined, now: this.now })[0] as Outcome
  }

  /** Finishes an update and returns how many transactions that took. */
  finish(changes: Partial<BucketConfig>, outcome: Outcome): number {
    let steps = 1
    for (let last = outcome; last.kind === 'settled' || (last.kind === 'bucket' && last.more); steps++) {
      if (last.kind === 'settled') last = this.update(changes)
      else last = this.commit({ do: 'bringInLine', bucket: 'b', now: this.now })[0] as Outcome
    }
    return steps
  }

  /** Settles until nothing is left to do and returns how many transactions that took. */
  settle(): number {
    for (let steps = 1; ; steps++) {
      const [outcome] = this.commit({ do: 'settle', now: this.now })
      if (outcome?.kind === 'settled' && !outcome.more) return steps
    }
  }

  /** Ends as a crash does, and opens again. */
  reopen(): void {
    this.writer.close()
    this.writer = this.#open()
  }

  listed(): string[] {
    const keys: string[] = []
    for (let after: string | undefined; ; ) {
      const page = this.reader.entries('b', { after, limit: 400, values: false })
      keys.push(...page.entries.map(({ key }) => key))
      if (page.next === undefined) return keys
      after = page.next
    }
  }

  changed(): string[] {
    const keys: string[] = []
    let last: Position | undefined
    for (;;) {
      const page = this.reader.changesSince('b', { after: last && { ...last, time: 0 }, limit: 400 })
      if (page.lost) throw new Error(page.lost)
      keys.push(...page.changes.filter(({ value }) => value).map(({ key }) => key))
      if (!page.more) return keys
      last = page.next ?? page.changes.at(-1)
    }
  }

  /** The keys whose expiry was committed, in the order of keys. */
  expired(): string[] {
    return this.reports.flatMap(({ expired }) => expired.map(({ key }) => key)).sort()
  }

  /** Rows of a table. */
  count(table: string): number | undefined {
    return countIn(this.path, table)
  }

  #open(): Writer {
    const bucketDefaults = { history: 1, maxValueSize: 1_000_000 }
    const openedAt = { now: this.now, uptime: 0 }
    const options = { bucketDefaults, tombstoneRetentionMs: 10_000, openedAt }
    return new Writer({ path: this.path, ...findStore(this.directory), ...options }, () => {})
  }
}

/** Rows of a table of a database. */
function countIn(path: string, table: string): number | undefined {
  const db = openDatabase(path, { readonly: true })
  const row = db.prepare<[], { rows: number }>(`SELECT count(*) AS rows FROM ${table}`).get()
  db.close()
  return row?.rows
}

async function store(): Promise<Store> {
  const opened = new Store(await temporaryDirectory())
  onTestFinished(() => {
    opened.reader.close()
    opened.writer.close()
  })
  return opened
}

const ALL = Array.from({ length: KEYS }, (_, n) => keyOf(n))

it('a new time-to-live of many keys is applied in several transactions, and other writes go in between', async () => {
  const opened = await store()
  opened.fill()
  const first = opened.update({ ttlSeconds: 60 })
  expect(first).toMatchObject({ kind: 'bucket', more: true, record: { ttlSeconds: 60 } })
  expect(opened.commit(opened.put('another'))).toMatchObject([{ kind: 'written', expiresAt: opened.now + 60_000 }])
  expect(opened.finish({ ttlSeconds: 60 }, first)).toBeGreaterThan(2)
  opened.now += 60_000
  expect(opened.reader.bucketInfo('b')).toMatchObject({ values: 0, bytes: 0 })
  expect(opened.settle()).toBeGreaterThan(2)
  expect(opened.expired()).toEqual(['another', ...ALL].sort())
})

it('what is past its time by a new time-to-live is hidden at once, and expires exactly once', async () => {
  const opened = await store()
  opened.fill()
  opened.now += 5_000
  const first = opened.update({ ttlSeconds: 1 })
  expect(first).toMatchObject({ more: true })
  expect([opened.listed(), opened.changed()]).toEqual([[], []])
  expect(ALL.filter((key) => opened.reader.get('b', key, undefined)?.value)).toEqual([])
  expect(opened.reader.entries('b', { filters: [keyOf(KEYS - 1)], limit: 9, values: false }).entries).toEqual([])
  // A write to a key that is not in line yet commits its expiry first.
  opened.commit(opened.put(keyOf(KEYS - 1)), { do: 'settle', now: opened.now })
  opened.finish({ ttlSeconds: 1 }, first)
  opened.settle()
  expect(opened.expired()).toEqual(ALL)
  expect(opened.listed()).toEqual([keyOf(KEYS - 1)])
})

it('a longer time-to-live keeps all values, also those it has not got to when they would have expired', async () => {
  const opened = await store()
  opened.fill({ ttlSeconds: 10 })
  opened.now += 9_000
  const first = opened.update({ ttlSeconds: 0 })
  expect(first).toMatchObject({ more: true })
  opened.now += 9_000
  expect([opened.listed(), opened.changed()]).toEqual([ALL, ALL])
  expect(opened.commit(opened.put(keyOf(KEYS - 1)))).toMatchObject([{ kind: 'written' }])
  opened.commit({ do: 'settle', now: opened.now })
  opened.finish({ ttlSeconds: 0 }, first)
  opened.settle()
  expect(opened.expired()).toEqual([])
  expect(opened.listed()).toEqual(ALL)
})

it('what was past its time by the old time-to-live does not come back by a longer one', async () => {
  const opened = await store()
  opened.fill({ ttlSeconds: 1 })
  opened.now += 5_000
  const first = opened.update({ ttlSeconds: 60 })
  expect(first).toMatchObject({ kind: 'settled', more: true })
  expect(opened.listed()).toEqual([])
  expect(opened.finish({ ttlSeconds: 60 }, first)).toBeGreaterThan(2)
  opened.settle()
  expect(opened.expired()).toEqual(ALL)
  expect(opened.listed()).toEqual([])
})

it('a second change waits until the first is done, so that nothing it hid comes back', async () => {
  const opened = await store()
  opened.fill()
  opened.now += 5_000
  opened.update({ ttlSeconds: 1 })
  const second = opened.update({ ttlSeconds: 60 })
  expect(second).toMatchObject({ kind: 'settled', more: true })
  opened.finish({ ttlSeconds: 60 }, second)
  opened.settle()
  expect(opened.expired()).toEqual(ALL)
  expect(opened.listed()).toEqual([])
})

it('one page of changes looks at a bounded number of keys, also where all are past their time', async () => {
  const opened = await store()
  opened.fill()
  for (let round = 1; round < 4; round++) {
    opened.commit(...Array.from({ length: KEYS }, (_, n) => opened.put(keyOf(round * KEYS + n))))
  }
  const all = opened.changed()
  expect(all).toHaveLength(4 * KEYS)
  opened.now += 5_000
  expect(opened.update({ ttlSeconds: 1 })).toMatchObject({ more: true })
  opened.commit(opened.put('last'))
  const first = opened.reader.changesSince('b', { limit: 1 })
  expect(first).toMatchObject({ changes: [], more: true, next: { revision: expect.any(Number) } })
  expect(opened.changed()).toEqual(['last'])
})

it('one page of a listing looks at a bounded number of keys, also where most have no value', async () => {
  const opened = await store()
  opened.fill({ ttlSeconds: 1 })
  for (let round = 1; round < 4; round++) {
    opened.commit(...Array.from({ length: KEYS }, (_, n) => opened.put(keyOf(round * KEYS + n))))
  }
  opened.now += 5_000
  opened.commit(opened.put('last'))
  expect(opened.reader.entries('b', { limit: 1, values: false })).toMatchObject({
    entries: [],
    next: expect.any(String),
  })
  expect(opened.listed()).toEqual(['last'])
  opened.settle()
  expect(opened.reader.entries('b', { limit: 1, values: false })).toMatchObject({
    entries: [],
    next: expect.any(String),
  })
  expect(opened.listed()).toEqual(['last'])
})

it('counts of other buckets do not become slower by many values that are past their time', async () => {
  const opened = await store()
  opened.fill({ ttlSeconds: 1 })
  for (let round = 1; round < 16; round++) {
    opened.commit(...Array.from({ length: KEYS }, (_, n) => opened.put(keyOf(round * KEYS + n))))
  }
  const createBucket = { do: 'createBucket', config: { history: 1, maxValueSize: 9 }, once: undefined } as const
  const buckets = Array.from({ length: 200 }, (_, n) => `other${n}`)
  opened.commit(...buckets.map((bucket) => ({ ...createBucket, bucket, now: opened.now })))
  opened.now += 5_000
  const started = performance.now()
  const { buckets: listed } = opened.reader.listBuckets('', { limit: 300 })
  expect(performance.now() - started).toBeLessThan(100)
  expect(listed.map(({ values }) => values)).toEqual(Array.from({ length: 201 }, () => 0))
})

it('after a crash in the middle, the next start goes on with it', async () => {
  const opened = await store()
  opened.fill()
  opened.now += 5_000
  expect(opened.update({ ttlSeconds: 1 })).toMatchObject({ more: true })
  opened.reopen()
  expect(opened.listed()).toEqual([])
  opened.settle()
  opened.settle()
  expect(opened.expired()).toEqual(ALL)
})

it('a shorter history is trimmed in several transactions', async () => {
  const opened = await store()
  opened.fill({ history: 3 })
  for (let round = 0; round < 2; round++) opened.commit(...ALL.map((key) => opened.put(key)))
  expect(opened.count('entries')).toBe(3 * KEYS)
  const first = opened.update({ history: 1 })
  expect(first).toMatchObject({ more: true })
  expect(opened.finish({ history: 1 }, first)).toBeGreaterThan(4)
  expect(opened.count('entries')).toBe(KEYS)
  expect(opened.reader.history('b', keyOf(7), { limit: 9 })).toHaveLength(1)
})

it('a removed bucket is gone at once, and its rows go in several transactions, also after a crash', async () => {
  const opened = await store()
  opened.fill({ ttlSeconds: 1 })
  const [removed] = opened.commit({ do: 'deleteBucket', bucket: 'b', once: undefined, now: opened.now })
  expect(removed).toMatchObject({ kind: 'removed', revision: KEYS + 2 })
  expect(opened.reports.at(-1)).toMatchObject({ hasUpkeep: true })
  expect([opened.reader.bucketInfo('b'), opened.listed(), opened.reader.get('b', keyOf(KEYS - 1), undefined)]).toEqual([
    undefined,
    [],
    undefined,
  ])
  expect(opened.reader.get('b', keyOf(KEYS - 1), KEYS + 1)).toBeUndefined()
  opened.commit(opened.put('k', 'b'))
  expect(opened.listed()).toEqual(['k'])
  opened.now += 5_000
  opened.commit({ do: 'settle', now: opened.now })
  expect(opened.count('keys')).toBeGreaterThan(1)
  opened.reopen()
  opened.settle()
  expect(['buckets', 'keys', 'entries'].map((table) => opened.count(table))).toEqual([1, 1, 1])
  expect(opened.expired()).toEqual([])
  expect(opened.listed()).toEqual(['k'])
})

it('a small bucket is removed in one transaction', async () => {
  const opened = await store()
  opened.commit(opened.put('k'))
  opened.settle()
  opened.commit({ do: 'deleteBucket', bucket: 'b', once: undefined, now: opened.now })
  expect(opened.reports.at(-1)).toMatchObject({ hasUpkeep: false })
  expect(['buckets', 'keys', 'entries'].map((table) => opened.count(table))).toEqual([0, 0, 0])
})

it('more values past their time than one step expires take no room in a bucket that is full', async () => {
  const opened = await store()
  opened.fill({ ttlSeconds: 1, maxBytes: KEYS })
  const large: Write = { ...opened.put('large'), value: 'x'.repeat(1_000), bytes: 1_000 } as Write
  expect(opened.commit(large)).toMatchObject([{ kind: 'failed', code: 'storage_full' }])
  opened.now += 5_000
  expect(opened.commit({ ...large, now: opened.now } as Write)).toMatchObject([{ kind: 'written' }])
  expect(opened.reports.at(-1)?.expired.length).toBeLessThan(KEYS)
})

it('an update of a bucket with many keys resolves when it counts for all of them, and what it began is finished', async () => {
  const directory = await temporaryDirectory()
  const engine = await openIn(directory)
  await Promise.all(ALL.map((key) => engine.put('b', key, text('v'))))
  const [record] = await Promise.all([engine.updateBucket('b', { ttlSeconds: 60 }), engine.put('b', 'k', text('v'))])
  expect(record).toMatchObject({ ttlSeconds: 60 })
  await engine.deleteBucket('b')
  await engine.close()
  const buckets = () => countIn(join(directory, 'ironflow.db'), 'buckets')
  expect(buckets()).toBe(1)
  const again = await openForTest(directory)
  await expect.poll(buckets).toBe(0)
  expect(await again.bucketInfo('b')).toBeUndefined()
})
