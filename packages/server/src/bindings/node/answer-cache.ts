import { formatEtag, stringify } from '@ironflow/core/protocol'
import type { DoneWrite } from '../../dispatch/dispatch'
import { wireEntry } from '../../domain/kv'
import type { Engine, EngineEvent, Entry } from '../../engine/engine'
import { storedName } from '../../keyspace'
import { OldestFirstMap } from '../../oldest-first-map'
import type { Kept } from '../message'
import { LONG_TEXT } from './respond'

/** The bytes that answer a read of one KV entry. */
export interface CachedAnswer extends Kept {
  /** Text, which Node sends in one piece with the head; bytes if it is long, which all responses share. */
  readonly body: string | Buffer
  /** Of the body, in bytes. */
  readonly length: number
  readonly etag: string
  /** The newest revision up to which every change of the entry's bucket has been heard of. */
  readonly heard: () => number
}

/** A bucket some of whose entries are kept. */
interface Followed {
  /** When it last changed, as {@link AnswerCache.clock} counts. */
  changedAt: number
  heard: number
  /** The answers of each key; the same key can be written in several ways in a URL. */
  readonly answers: Map<string, Set<string>>
  readonly unfollow: () => void
}

/** What an answer takes besides its bytes and its URL, about. */
const OVERHEAD_BYTES = 600
const MAX_BUCKETS = 1_000

/**
 * Encoded answers to reads of KV entries, by environment and raw URL. A commit removes what it made old, whoever made
 * it, and puts the new value's answer in its place: what was read often is read again, and the commit has the value at
 * hand. This process's own writes do so before they are acknowledged, so nobody reads what was there before his own
 * write.
 *
 * An answer that was read while its bucket changed is not kept: it may be from before the change, whose removal has
 * passed already. That is what {@link clock} is for.
 */
export class AnswerCache {
  /** Counts changes of followed buckets. */
  clock = 0
  private readonly answers = new OldestFirstMap<CachedAnswer>()
  private readonly buckets = new Map<string, Followed>()
  private bytes = 0

  constructor(
    private readonly engine: Engine,
    private readonly maxBytes: number,
  ) {}

  get(environment: string, url: string): CachedAnswer | undefined {
    return this.answers.get(name(environment, url))
  }

  /** Keeps an answer that was read after the clock showed `readAt`. */
  keep(url: string, kept: Kept, answer: Pick<CachedAnswer, 'body' | 'length' | 'etag'>, readAt: number): void {
    const id = name(kept.environment, url)
    const stored = storedName(kept.environment, kept.bucket)
    const bucket = this.buckets.get(stored)
    if (!bucket) {
      // Followed from now on: what was read before may be old already, so the next reader's answer is the first kept.
      this.follow(stored)
      return
    }
    if (bucket.changedAt > readAt) return
    this.remove(id)
    this.add(bucket, id, { ...kept, ...answer, heard: () => bucket.heard })
  }

  private add(bucket: Followed, id: string, answer: CachedAnswer): void {
    const size = sizeOf(id, answer)
    if (size > this.maxBytes / 8) return
    this.answers.set(id, answer)
    this.bytes += size
    const ids = bucket.answers.get(answer.key)
    if (ids) ids.add(id)
    else bucket.answers.set(answer.key, new Set([id]))
    for (let oldest = this.answers.oldest(); oldest && this.bytes > this.maxBytes; oldest = this.answers.oldest()) {
      this.remove(oldest[0])
    }
  }

  /** Forgets what a write of this process made old, unless its commit was heard of already. */
  written({ environment, method, params, revision }: DoneWrite): void {
    if (!method.startsWith('kv.')) return
    const stored = storedName(environment, String(params.bucket ?? params.name))
    const key = typeof params.key === 'string' ? params.key : undefined
    const heard = this.buckets.get(stored)?.heard ?? 0
    if (key === undefined || revision === undefined || revision > heard) this.changed(stored, key)
  }

  close(): void {
    for (const { unfollow } of this.buckets.values()) unfollow()
    this.buckets.clear()
    this.answers.clear()
    this.bytes = 0
  }

  private follow(stored: string): void {
    if (this.buckets.size >= MAX_BUCKETS) return
    const bucket: Followed = {
      changedAt: ++this.clock,
      heard: 0,
      answers: new Map(),
      unfollow: this.engine.follow(stored, (event) => this.hear(stored, event)),
    }
    const status = this.engine.status()
    // Where one counter serves the whole store, all that it shows is in what will be read from now on.
    if (status.ready && this.engine.facts.name !== 'jetstream') bucket.heard = status.revision
    this.buckets.set(stored, bucket)
  }

  private hear(stored: string, event: EngineEvent): void {
    const bucket = this.buckets.get(stored)
    if (!bucket) return
    if (event.type === 'bucket_deleted') {
      bucket.heard = event.revision
      this.changed(stored, undefined)
      return
    }
    const { entry } = event
    bucket.heard = entry.revision
    const replaced = entry.operation === 'put' ? this.answersOf(bucket, entry.key) : []
    this.changed(stored, entry.key)
    for (const [id, answer] of replaced) this.replace(bucket, id, answer, entry)
  }

  private answersOf(bucket: Followed, key: string): Array<[id: string, answer: CachedAnswer]> {
    return [...(bucket.answers.get(key) ?? [])].flatMap((id) => {
      const answer = this.answers.get(id)
      return answer ? [[id, answer] as [string, CachedAnswer]] : []
    })
  }

  /** The answer to the same URL, as it is from this commit on. */
  private replace(bucket: Followed, id: string, old: CachedAnswer, entry: Entry): void {
    const { revision, expiresAt } = entry
    const { body, length } = flatBody(stringify(wireEntry(old.bucket, entry)))
    const etag = formatEtag(revision, this.engine.facts.epoch)
    this.add(bucket, id, { ...old, revision, expiresAt, body, length, etag })
  }

  /** A key changed, or, without one, anything in the bucket may have. */
  private changed(stored: string, key: string | undefined): void {
    const bucket = this.buckets.get(stored)
    if (!bucket) return
    bucket.changedAt = ++this.clock
    const ids = key === undefined ? [...bucket.answers.values()].flatMap((each) => [...each]) : bucket.answers.get(key)
    for (const id of ids ?? []) this.remove(id)
  }

  private remove(id: string): void {
    const answer = this.answers.get(id)
    if (!answer) return
    this.answers.delete(id)
    this.bytes -= sizeOf(id, answer)
    const bucket = this.buckets.get(storedName(answer.environment, answer.bucket))
    const ids = bucket?.answers.get(answer.key)
    ids?.delete(id)
    if (ids?.size === 0) bucket?.answers.delete(answer.key)
  }
}

/** A body as Node writes it fastest, and its length in bytes of UTF-8. */
export function flatBody(text: string): { body: string | Buffer; length: number } {
  const bytes = Buffer.from(text)
  const { length } = bytes
  if (length > LONG_TEXT) return { body: bytes, length }
  return { body: length === text.length ? bytes.toString('latin1') : text, length }
}

function name(environment: string, url: string): string {
  return `${environment} ${url}`
}

function sizeOf(id: string, { length }: Pick<CachedAnswer, 'length'>): number {
  // Text beyond Latin-1 takes two bytes a character in memory, and at least as many on the wire.
  return length + 2 * id.length + OVERHEAD_BYTES
}
