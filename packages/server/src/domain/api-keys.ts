import { errorFor, NotFoundError, UnauthorizedError } from '@ironflow/core/errors'
import type { ApiKey, CreatedApiKey, NewApiKey, Params } from '@ironflow/core/protocol'
import type { Engine, Entry } from '../engine/engine'
import { API_KEYS_BUCKET } from '../keyspace'
import type { Answer } from './answer'
import { decodeCursor, encodeCursor } from './cursor'
import { decodeRecord, encodeRecord, generateApiKey, hashOf, idOf, isKeyId, type KeyRecord } from './key-records'
import type { Principal } from './principal'
import { covers, parseScope, type Scope } from './scopes'

/**
 * The API keys of a server. What a key may do with keys is bounded by what it may do itself: one that is bound to an
 * environment sees and makes keys of that environment, one with scopes makes none with others.
 */
export class ApiKeys {
  constructor(
    private readonly engine: Engine,
    private readonly now: () => number,
  ) {}

  /** Makes a key and answers its secret, this once. @throws UnauthorizedError for a key that could do more */
  async create(principal: Principal, wanted: NewApiKey): Promise<Answer<'admin.apiKeys.create'>> {
    const environment = wanted.environment ?? principal.environment
    if (principal.environment !== undefined && environment !== principal.environment) {
      throw new UnauthorizedError('a key that is bound to an environment makes keys of that one only', 'unauthorized')
    }
    const scopes = wanted.scopes?.map((text) => parseScope(text) as Scope)
    if (principal.scopes && !scopes?.every((scope) => covers(principal.scopes as readonly Scope[], scope))) {
      throw new UnauthorizedError('a key with scopes makes keys within these scopes only', 'unauthorized')
    }
    const key = generateApiKey()
    const { hash, ...apiKey } = this.newRecord(key, { ...wanted, environment })
    const { revision } = await this.store({ hash, ...apiKey })
    const result: CreatedApiKey = { ...apiKey, key }
    return { result, revision }
  }

  async list(principal: Principal, { limit, cursor }: Params<'admin.apiKeys.list'>, pageItems: number) {
    const after = decodeCursor('apikeys', cursor)
    const page = await this.engine.entries(API_KEYS_BUCKET, { after, limit: limit ?? pageItems, values: true })
    const apiKeys = page.entries.flatMap((entry) => {
      const record = recordOf(entry)
      return record && isVisible(principal, record) ? [withoutHash(record)] : []
    })
    const nextCursor = page.next === undefined ? undefined : encodeCursor('apikeys', page.next)
    return { result: { apiKeys, count: apiKeys.length, nextCursor }, revision: page.revision }
  }

  /** Ends a key. @throws NotFoundError */
  async revoke(principal: Principal, id: string): Promise<Answer<'admin.apiKeys.revoke'>> {
    const entry = isKeyId(id) ? await this.engine.get(API_KEYS_BUCKET, id) : undefined
    const record = entry && recordOf(entry)
    if (!record || !isVisible(principal, record)) throw new NotFoundError('there is no such API key', 'not_found')
    const { revision } = await this.engine.delete(API_KEYS_BUCKET, id)
    return { result: { revision }, revision }
  }

  /** The record of a key, whatever it may do and whether its time is over. @throws what the engine throws */
  async find(apiKey: string): Promise<KeyRecord | undefined> {
    const hash = hashOf(apiKey)
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
  async store(record: KeyRecord): Promise<{ revision: number }> {
    if (!isKeyId(record.id)) throw errorFor('internal', 'an API key has no usable id')
    return this.engine.put(API_KEYS_BUCKET, record.id, encodeRecord(record), { expectedRevision: 0 })
  }
}

function recordOf(entry: Entry): KeyRecord | undefined {
  return isKeyId(entry.key) ? decodeRecord(entry.value) : undefined
}

function isVisible(principal: Principal, record: KeyRecord): boolean {
  return principal.environment === undefined || principal.environment === record.environment
}

function withoutHash({ hash: _, ...apiKey }: KeyRecord): ApiKey {
  return apiKey
}
