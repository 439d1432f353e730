import { errorFor, type IronflowError, invalid, NotFoundError } from '@ironflow/core/errors'
import {
  type ApiKey,
  type CreatedApiKey,
  type NewApiKey,
  type Params,
  type Position,
  stringify,
} from '@ironflow/core/protocol'
import type { Engine } from '../engine/engine'
import type { Entry } from '../engine/entry'
import type { Limits } from '../limits'
import type { Answer } from './answer'
import { type Context, positionOf } from './context'
import { decodeCursor, encodeCursor } from './cursor'
import { decodeRecord, encodeRecord, generateApiKey, hashOf, idOf, isKeyId, type KeyRecord } from './key-records'
import { API_KEYS_BUCKET } from './keyspace'
import { type Principal, principalOf } from './principal'
import { covers, excessOf, type Rights } from './rights'
import { visiblePage } from './visible-page'
import { unknownEnvironment } from './wording'

/** Bytes of records that are read in one turn of the event loop: with 100 scopes, one has 14 kB. */
const READ_BYTES = 262_144

const utf8 = new TextEncoder()

/** Without the id that was given: it may be a key itself. */
const NO_SUCH_KEY = 'there is no API key with this id, or this key may not see it; the list of API keys has the ids'

/**
 * The API keys of a server. What a key may do with keys is bounded by what it may do itself: it makes, sees and revokes
 * keys whose rights it covers, and to it there are no others.
 */
export class ApiKeys {
  constructor(
    private readonly engine: Engine,
    private readonly now: () => number,
    /** The only environments there are; absent: any. */
    private readonly environments?: ReadonlySet<string> | undefined,
  ) {}

  /**
   * Makes a key and returns its secret, this once. What is not said about environment and expiry is as the maker's.
   *
   * @throws UnauthorizedError for a key that could do more, or last longer, than its maker; ValidationError for an
   * environment that this server does not have. `fields` names the parameter
   */
  async create(maker: Principal, wanted: NewApiKey): Promise<Answer<'admin.apiKeys.create'>> {
    const { environment = maker.environment, expiresAt = timeText(maker.expiresAt) } = wanted
    const key = generateApiKey()
    const known = this.environments
    if (environment !== undefined && known && !known.has(environment)) {
      throw invalid({ environment: unknownEnvironment(environment, known) })
    }
    const record = this.newRecord(key, { ...wanted, environment, expiresAt })
    expectWithin(principalOf(record), maker)
    const position = await this.store(record)
    const result: CreatedApiKey = { ...withoutHash(record), key }
    return { result, position }
  }

  /** The keys that the caller's covers, without their hashes. */
  async list(
    principal: Principal,
    { limit, cursor }: Params<'admin.apiKeys.list'>,
    { pageItems, pageBytes }: Pick<Limits, 'pageItems' | 'pageBytes'>,
  ) {
    let position: Position | undefined
    const read = async (after: string | undefined, count: number) => {
      const page = await this.engine.entries(API_KEYS_BUCKET, { after, limit: count, bytes: READ_BYTES, values: true })
      position ??= page.position
      const items = page.entries.flatMap((entry) => {
        const record = recordOf(entry)
        return record && covers(principal, principalOf(record)) ? [withoutHash(record)] : []
      })
      return { items, next: page.next }
    }
    const after = decodeCursor('apikeys', cursor)
    const { items: apiKeys, next } = await visiblePage(limit ?? pageItems, after, read, ({ id }) => id, {
      bytes: pageBytes,
      bytesOf: (apiKey) => utf8.encode(stringify(apiKey)).length,
    })
    const nextCursor = next === undefined ? undefined : encodeCursor('apikeys', next)
    return { result: { apiKeys, count: apiKeys.length, nextCursor }, position }
  }

  /** Ends a key. @throws NotFoundError where there is none that the caller covers, unless this very call has ended it */
  async revoke(
    { id }: Params<'admin.apiKeys.revoke'>,
    { principal, once }: Context,
  ): Promise<Answer<'admin.apiKeys.revoke'>> {
    const entry = isKeyId(id) ? await this.engine.get(API_KEYS_BUCKET, id) : undefined
    const record = entry && recordOf(entry)
    const isCovered = record !== undefined && covers(principal, principalOf(record))
    // A tombstone may be this call's own, made before the caller lost its result; deleting it again writes nothing.
    const mayBeOurs = entry !== undefined && entry.value === undefined && once !== undefined
    const commit = isCovered || mayBeOurs ? await this.engine.delete(API_KEYS_BUCKET, id, { once }) : undefined
    if (!commit || !(isCovered || commit.repeated)) throw new NotFoundError(NO_SUCH_KEY, 'not_found')
    return { result: positionOf(commit), position: commit }
  }

  /** Returns the record of the key with this hash, whether its time is over or not. @throws what the engine throws */
  async find(hash: string): Promise<KeyRecord | undefined> {
    const entry = await this.engine.get(API_KEYS_BUCKET, idOf(hash))
    const record = entry && recordOf(entry)
    return record?.hash === hash ? record : undefined
  }

  newRecord(key: string, wanted: NewApiKey): KeyRecord {
    const hash = hashOf(key)
    const { name, role, environment, expiresAt, scopes } = wanted
    const createdAt = new Date(this.now()).toISOString()
    return { id: idOf(hash), name, role, environment, expiresAt, scopes, createdAt, hash }
  }

  /** Keeps a new record. */
  async store(record: KeyRecord): Promise<Position> {
    if (!isKeyId(record.id)) throw errorFor('internal', 'an API key has no usable id')
    return this.engine.put(API_KEYS_BUCKET, record.id, encodeRecord(record), { expectedRevision: 0 })
  }
}

function recordOf(entry: Entry): KeyRecord | undefined {
  return isKeyId(entry.key) ? decodeRecord(entry.value) : undefined
}

function withoutHash({ hash: _, ...apiKey }: KeyRecord): ApiKey {
  return apiKey
}

function timeText(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}

/** @throws UnauthorizedError where the new key could do more, or last longer, than its maker */
function expectWithin(made: Principal, maker: Principal): void {
  const excess = excessOf(made, maker)
  if (excess) throw beyond(excess, EXCESS[excess])
  if (maker.expiresAt === undefined || (made.expiresAt ?? Number.POSITIVE_INFINITY) <= maker.expiresAt) return
  throw beyond('expiresAt', `must be at most ${timeText(maker.expiresAt)}, when the key that makes it expires`)
}

const EXCESS: Record<keyof Rights, string> = {
  role: 'must be a role that may do no more than that of the key that makes it',
  environment: 'must be that of the key that makes it, which is bound to one',
  scopes: 'must be within those of the key that makes it, which has scopes',
}

function beyond(place: string, problem: string): IronflowError {
  return errorFor('unauthorized', `${place}: ${problem}`, { fields: { [place]: problem } })
}
