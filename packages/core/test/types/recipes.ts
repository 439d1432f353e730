import {
  type ClientOptions,
  ConflictError,
  type IronflowClient,
  type IronflowError,
  isIronflowError,
  type KvEntry,
  NotFoundError,
  RateLimitError,
  ValidationError,
} from '../../src/index'

/**
 * Never run, only compiled: recipes as users write them in strict mode. What is read without a type parameter is used
 * as its writer knows it, which only the `any` defaults of `config.get` and `kv.bucket` allow.
 */

declare function createClient(options?: ClientOptions): IronflowClient

export async function untyped(): Promise<[boolean, number, string]> {
  await using client = createClient()
  const enabled: boolean = (await client.kv().bucket('flags').get('dark-mode')).value.enabled
  const seats: number = (await client.config().get('limits')).data.limits.seats
  const flags = client.kv().bucket('flags')
  await flags.put('dark-mode', { enabled: true })
  await flags.put('raw', new Uint8Array([1, 2, 3]))
  await flags.modify('visits', (n = 0) => n + 1)
  for await (const entry of flags.entries('user.*')) entry.value.name.toUpperCase()
  const names = (await flags.history('dark-mode')).map((entry) => entry.value?.name)
  return [enabled, seats, names[0]]
}

interface Limits {
  seats: number
}

export async function typed(client: IronflowClient): Promise<number> {
  const { data, revision } = await client.config().get<Limits>('limits')
  await client.config().set('limits', { seats: data.seats + 1 }, { ifRevision: revision })
  const found = await client.config().find<Limits>('limits')
  const changed = await client.config().modify<Limits>('limits', (now) => ({ seats: (now?.seats ?? 0) + 1 }))
  const sessions = client.kv().bucket<Limits>('sessions')
  const entry: KvEntry<Limits> = await sessions.get('a')
  await sessions.update('a', { seats: 2 }, entry.revision, { ttlSeconds: 60 })
  const maybe: number | undefined = (await sessions.find('a'))?.value.seats
  return data.seats + (found?.data.seats ?? 0) + changed.data.seats + (maybe ?? 0)
}

export async function refused(client: IronflowClient): Promise<void> {
  const sessions = client.kv().bucket<Limits>('sessions')
  // @ts-expect-error a value of another type
  await sessions.put('a', { seats: 'many' })
  // @ts-expect-error an update says which revision it is for
  await sessions.update('a', { seats: 1 })
  // @ts-expect-error a member that the type does not have
  ;(await client.config().get<Limits>('limits')).data.seat
  // @ts-expect-error a document that may not be there
  ;(await client.config().find<Limits>('limits')).data
  // @ts-expect-error a document is an object
  await client.config().set('limits', 5)
  // @ts-expect-error an option that does not exist
  createClient({ timeout: 500 })
}

export async function errors(client: IronflowClient): Promise<unknown> {
  try {
    return await client.config().get('limits', { timeoutMs: 500, signal: AbortSignal.timeout(500) })
  } catch (error) {
    if (error instanceof NotFoundError) return error.code satisfies string
    if (error instanceof ConflictError) return error.currentRevision satisfies number | undefined
    if (error instanceof ValidationError) return error.fields.name satisfies string | undefined
    if (error instanceof RateLimitError) return error.retryAfterMs satisfies number | undefined
    if (isIronflowError(error) && error.retryable) return error.requestId
    throw error
  }
}

export const hooked = createClient({
  serverUrl: ['http://a', 'http://b'],
  apiKey: async () => 'ifkey',
  retry: false,
  onError: (error: IronflowError, { method, endpoint, status, requestId, attempts, environment }) =>
    [error.code, method, endpoint, status, requestId, attempts, environment].join(' '),
})
