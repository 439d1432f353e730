import { isIronflowError } from '@ironflow/core/errors'
import type { Engine } from '../engine/engine'
import type { ApiKeys } from './api-keys'
import { generateApiKey, hashOf, idOf } from './key-records'
import { API_KEYS_BUCKET } from './keyspace'

/** Where servers agree on who makes the first key. It is no key's id, so no list shows it. */
const MARK = 'bootstrap'

/** After this many milliseconds a server that began and did not finish is taken for dead. */
const STALE_MS = 10_000
const POLL_MS = 200

interface Mark {
  /** The key that was made, or is being made. */
  id: string
  done: boolean
}

/** What the first start is to do. */
export interface BootstrapOptions {
  /** Make this key; one that was made and revoked is not made again. */
  readonly key?: string | undefined
  /** Or one by chance, and hand it over here before it counts. */
  readonly onKey?: ((key: string) => void | Promise<void>) | undefined
  readonly now: () => number
}

/**
 * Makes the first admin key, once in a store's life, however many servers start at the same time: the one that creates
 * the mark makes the key, the others wait. Only when the key is handed over and stored the mark says done; a server that
 * died before is replaced by another after a while, so nobody is locked out.
 */
export async function bootstrap(engine: Engine, apiKeys: ApiKeys, options: BootstrapOptions): Promise<void> {
  if (options.key === undefined && !options.onKey) return
  for (;;) {
    const entry = await engine.get(API_KEYS_BUCKET, MARK)
    const mark = entry?.value?.encoding === 'json' ? (JSON.parse(entry.value.text) as Mark) : undefined
    if (entry && mark) {
      const isKnown = options.key === undefined || mark.id === idOf(hashOf(options.key))
      if (mark.done && isKnown) return
      if (!mark.done && options.now() - entry.createdAt < STALE_MS) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
        continue
      }
    }
    if (await make(engine, apiKeys, options, entry?.revision ?? 0)) return
  }
}

/** Answers whether this server was the one to make the key. */
async function make(
  engine: Engine,
  apiKeys: ApiKeys,
  { key: given, onKey }: BootstrapOptions,
  markRevision: number,
): Promise<boolean> {
  const key = given ?? generateApiKey()
  const record = apiKeys.newRecord(key, { name: 'bootstrap', role: 'admin' })
  const claim = await unlessConflict(setMark(engine, { id: record.id, done: false }, markRevision))
  if (!claim) return false
  if (given === undefined) await onKey?.(key)
  // There already: this server, or one that died, came this far before.
  await unlessConflict(apiKeys.store(record))
  await unlessConflict(setMark(engine, { id: record.id, done: true }, claim.revision))
  return true
}

function setMark(engine: Engine, mark: Mark, expectedRevision: number): Promise<{ revision: number }> {
  return engine.put(API_KEYS_BUCKET, MARK, { encoding: 'json', text: JSON.stringify(mark) }, { expectedRevision })
}

async function unlessConflict<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write
  } catch (error) {
    if (isIronflowError(error) && error.code === 'revision_conflict') return undefined
    throw error
  }
}
