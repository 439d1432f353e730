import { createClient } from '@ironflow/node'

/** How many keys a store has while it is measured. */
export const KEYS = 10_000

/** The n-th key; wrk's scripts make the same ones. */
export const keyOf = (n) => `user.${String(n).padStart(6, '0')}`

/** A value as services keep them: a small JSON object. */
export const sampleValue = (n) => ({
  id: n,
  name: `User ${n}`,
  plan: 'pro',
  seats: 5,
  flags: { beta: true, theme: 'dark' },
})

/** Writes `count` keys into a bucket, many at a time. */
export async function fill(server, bucketName, count = KEYS) {
  const client = createClient({ serverUrl: server.url, apiKey: server.apiKey })
  const bucket = client.kv().bucket(bucketName)
  await inParallel(64, count, (n) => bucket.put(keyOf(n), sampleValue(n)))
  await client.close()
}

/** Runs `work(0)` … `work(count - 1)`, `width` of them at a time. */
export async function inParallel(width, count, work) {
  let next = 0
  const lane = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: width }, lane))
}
