import type { ClientOptions, ConfigApi, IronflowClient, KvApi, KvBucket, KvUpdate, Schema } from '../../src/index'

/** Never run, only compiled: a client with a schema, one without, and fakes of either. */

declare function createClient<S extends Schema = Schema>(options?: ClientOptions): IronflowClient<S>

interface Limits {
  seats: number
  trialDays?: number
}

interface App {
  configs: { limits: Limits; theme: { dark: boolean } }
  buckets: { sessions: { cart: string[] } }
}

declare const client: IronflowClient<App>

export async function named(): Promise<[number, boolean, string | undefined]> {
  const { data } = await client.config().get('limits')
  const theme = await client.config().find('theme')
  await client.config().set('limits', { seats: data.seats })
  await client.config().patch('limits', { trialDays: 5 })
  const changed = await client.config().modify('limits', (now) => ({ seats: (now?.seats ?? 0) + 1 }))
  client.config().watch('limits', { onUpdate: ({ data: { seats } }) => seats.toFixed() })
  const versions = await client.config().history('limits')
  const entry = await client.kv().bucket('sessions').get('a')
  return [changed.data.seats + (versions[0]?.data?.seats ?? 0), theme?.data.dark ?? false, entry.value.cart[0]]
}

export async function unnamed(): Promise<unknown> {
  const { data } = await client.config().get<{ beta: boolean }>('flags')
  await client.config().set<{ beta: boolean }>('flags', { beta: data.beta })
  await client.config().set('flags', { beta: data.beta })
  const bucket = client.kv().bucket<number>('counters')
  await bucket.put('visits', (await bucket.get('visits')).value + 1)
  return (await client.config().get('other')).data
}

export async function refused(): Promise<void> {
  // @ts-expect-error a document of another type
  await client.config().set('limits', { seats: 'many' })
  // @ts-expect-error a field of another type
  await client.config().patch('limits', { seats: 'many' })
  // @ts-expect-error a field that the document does not have
  await client.config().patch('limits', { seat: 5 })
  // @ts-expect-error no object
  await client.config().patch('flags', 5)
  // @ts-expect-error a value of another type
  await client.kv().bucket('sessions').put('a', { cart: 'book' })
  // @ts-expect-error a name that the schema does not have: its type is not known
  ;(await client.config().get('lmits')).data.seats
  // @ts-expect-error no schema
  createClient<{ config: { limits: Limits } }>()
}

/** Functions that take any client take one with a schema, and the other way round where only one API is used. */
declare function readAny(client: IronflowClient): void
declare function readConfig(config: ConfigApi): void
declare function readKv(kv: KvApi): void
readAny(client)
readAny(createClient())
readConfig(client.config())
readKv(client.kv())
export const partly = createClient<{ configs: { limits: Limits } }>().kv().bucket('any').get('a')

export function narrowed(bucket: KvBucket<Limits>): void {
  bucket.watch({
    onUpdate(event) {
      if (event.operation === 'put') event.data.seats.toFixed()
      // @ts-expect-error without a value there is no data
      event.data.seats
    },
  })
  bucket.watch({ onUpdate: ({ operation, data }) => (operation === 'put' ? data.seats : (data satisfies undefined)) })
  bucket.watch({ onUpdate: (event: KvUpdate<Limits>) => JSON.parse(event.value) })
}

export async function writes(config: ConfigApi): Promise<void> {
  await config.set<Limits>('limits', { seats: 5 })
  await config.patch<Limits>('limits', { trialDays: 14 })
  const limits: Limits = { seats: 5 }
  await config.set('limits', limits)
  await config.patch('limits', limits)
  const found: string | undefined = (await config.find('limits'))?.data.any.thing
  found?.length
  // @ts-expect-error a document of another type
  await config.set<Limits>('limits', { seats: 'many' })
  // @ts-expect-error no object
  await config.patch('limits', 5)
  // @ts-expect-error a field that the document does not have
  await config.patch<Limits>('limits', { seat: 5 })
}

/** A fake needs what the test at hand uses, and no private member of a class. */
export const fake: Pick<ConfigApi, 'get'> = {
  get: async (name) => ({ name, data: JSON.parse('{}'), revision: 1, epoch: 'e', updatedAt: '' }),
}
