import { formatEtag, type KnownPosition, type Position, stringify } from '@ironflow/core/protocol'
import { storedName } from '../../domain/keyspace'
import { wireEntry } from '../../domain/kv'
import type { Engine, EngineEvent, Following } from '../../engine/engine'
import type { Entry } from '../../engine/entry'
import type { Limits } from '../../limits'
import { OldestFirstMap } from '../../oldest-first-map'
import type { CacheableEntry } from '../message'
import { LONG_TEXT } from './respond'

/** The bytes that answer a read of one KV entry. */
export interface CachedAnswer extends CacheableEntry {
  /** Text, which Node sends in one piece with the head; bytes if it is long, which all responses share. */
  readonly body: string | Buffer
  /** Of the body, in bytes. */
  readonly length: number
  readonly etag: string
  readonly source: Source
}

/** A bucket some of whose entries are kept. */
export interface Source {
  /** Up to here, every change of the bucket is in what is kept; undefined until that is known. */
  heard: Position | undefined
  /** When the bucket last changed, as {@link AnswerCache.clock} counts. */
  changedAt: number
  /** When an answer was last asked for, as the cache counts. */
  usedAt: number
  /** What the ids of its answers begin with. */
  readonly prefix: string
  /** The keys whose answers are kept. */
  readonly keys: Set<string>
  readonly following: Following
}

/** What an answer takes besides its bytes and its id, about. */
const OVERHEAD_BYTES = 600

/**
 * Encoded answers to reads of KV entries, one for each key, however it is spelt in a URL. A commit removes what it made
 * old, whoever made it, and puts the new value's answer in its place: a key that is read often is likely to be read
 * again, and the commit has the value at hand. The engine reports a commit before the write that made it resolves, so a
 * read that starts after a write of this process is acknowledged sees it.
 *
 * An answer that was read while its bucket changed is not kept: it may be from before the change, whose removal has
 * passed already. That is what {@link clock} is for.
 *
 * A bucket is followed from its first read on. Beyond the most there may be, the one that was not read for longest is
 * followed no more, and its answers go.
 */
export class AnswerCache {
  /** Counts changes of followed buckets. */
  clock = 0
  private readonly answers = new OldestFirstMap<CachedAnswer>()
  /** By stored name. */
  private readonly sources = new Map<string, Source>()
  private bytes = 0
  private uses = 0

  constructor(
    private readonly engine: Engine,
    private readonly limits: Pick<Limits, 'answerCacheBytes' | 'answerCacheBuckets'>,
  ) {}

  /** Returns the answer about a key. Names that are not checked yet are fine, but for a bucket with a slash. */
  get(environment: string, bucket: string, key: string): CachedAnswer | undefined {
    const answer = this.answers.get(prefixOf(environment, bucket) + key)
    if (answer) answer.source.usedAt = ++this.uses
    return answer
  }

  /** Keeps an answer that was read after the clock showed `readAt`. */
  keep(kept: CacheableEntry, answer: Pick<CachedAnswer, 'body' | 'length' | 'etag'>, readAt: number): void {
    const stored = storedName(kept.environment, kept.bucket)
    const source = this.sources.get(stored)
    if (!source) {
      // Followed from now on: what was read before may be old already, so the next reader's answer is the first kept.
      this.follow(stored, prefixOf(kept.environment, kept.bucket))
      return
    }
    source.usedAt = ++this.uses
    if (!source.heard || source.changedAt > readAt) return
    this.add({ ...kept, ...answer, source })
  }

  close(): void {
    for (const { following } of this.sources.values()) following.stop()
    this.sources.clear()
    this.answers.clear()
    this.bytes = 0
  }

  private add(answer: CachedAnswer): void {
    const { answerCacheBytes } = this.limits
    this.remove(idOf(answer))
    const size = sizeOf(answer)
    if (size > answerCacheBytes / 8) return
    this.answers.set(idOf(answer), answer)
    this.bytes += size
    answer.source.keys.add(answer.key)
    for (let oldest = this.answers.oldest(); oldest && this.bytes > answerCacheBytes; oldest = this.answers.oldest()) {
      this.remove(oldest[0])
    }
  }

  private remove(id: string): void {
    const answer = this.answers.get(id)
    if (!answer) return
    this.answers.delete(id)
    this.bytes -= sizeOf(answer)
    answer.source.keys.delete(answer.key)
  }

  private follow(stored: string, prefix: string): void {
    if (this.sources.size >= this.limits.answerCacheBuckets) this.unfollowOne()
    const source: Source = {
      heard: undefined,
      changedAt: ++this.clock,
      usedAt: ++this.uses,
      prefix,
      keys: new Set(),
      following: this.engine.follow(stored, (event) => this.hear(source, event)),
    }
    this.sources.set(stored, source)
    void this.start(stored, source)
  }

  /** Finds out where the bucket is, once every commit is reported: what is read from then on is at least there. */
  private async start(stored: string, source: Source): Promise<void> {
    try {
      await source.following.started
      const { position } = await this.engine.changesSince(stored, { limit: 1 })
      source.heard ??= position
      source.changedAt = ++this.clock
    } catch {
      // A store that cannot be read: the bucket's answers are not kept, and a later read of it tries again.
      source.following.stop()
      if (this.sources.get(stored) === source) this.sources.delete(stored)
    }
  }

  /** Lets go of the bucket that was not read for longest. */
  private unfollowOne(): void {
    let longest: [stored: string, source: Source] | undefined
    for (const each of this.sources) if (!longest || each[1].usedAt < longest[1].usedAt) longest = each
    if (!longest) return
    const [stored, source] = longest
    source.following.stop()
    this.sources.delete(stored)
    this.changed(source, undefined)
  }

  private hear(source: Source, event: EngineEvent): void {
    if (event.type !== 'entry') {
      if (event.type === 'bucket_deleted') source.heard = event
      this.changed(source, undefined)
      return
    }
    const { entry } = event
    source.heard = { epoch: entry.epoch, revision: entry.revision }
    const old = this.answers.get(source.prefix + entry.key)
    this.changed(source, entry.key)
    if (old && entry.operation === 'put') this.add(this.renewed(old, entry))
  }

  /** The answer as it is from this commit on. */
  private renewed(old: CachedAnswer, entry: Entry): CachedAnswer {
    const { revision, epoch, expiresAt } = entry
    const text = flatBody(stringify(wireEntry(old.bucket, entry)))
    return { ...old, ...text, revision, epoch, expiresAt, etag: formatEtag(entry) }
  }

  /** A key changed, or, without one, anything in the bucket may have. */
  private changed(source: Source, key: string | undefined): void {
    source.changedAt = ++this.clock
    for (const each of key === undefined ? source.keys : [key]) this.remove(source.prefix + each)
  }
}

/** Whether an answer is at least as new as a position of its own life of the bucket, or of any where that is left out. */
export function isAsNewAs({ revision, epoch, source }: CachedAnswer, position: KnownPosition): boolean {
  if (position.epoch !== undefined && position.epoch !== epoch) return false
  const heard = source.heard?.epoch === epoch ? source.heard.revision : 0
  return position.revision <= Math.max(revision, heard)
}

/** A body as Node writes it fastest, and its length in bytes of UTF-8. */
export function flatBody(text: string): { body: string | Buffer; length: number } {
  const bytes = Buffer.from(text)
  const { length } = bytes
  if (length > LONG_TEXT) return { body: bytes, length }
  return { body: length === text.length ? bytes.toString('latin1') : text, length }
}

/** Neither has a space, nor the bucket a slash: no two pairs, whatever the key, make the same id. */
function prefixOf(environment: string, bucket: string): string {
  return `${environment} ${bucket}/`
}

function idOf({ source, key }: CachedAnswer): string {
  return source.prefix + key
}

function sizeOf({ source, key, length }: CachedAnswer): number {
  // Text beyond Latin-1 takes two bytes a character in memory, and at least as many on the wire.
  return length + 2 * (source.prefix.length + key.length) + OVERHEAD_BYTES
}
