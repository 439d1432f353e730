// A cache: values in a bucket that forgets them by itself.
// Run: IRONFLOW_SERVER_URL=http://localhost:9123 npx tsx src/cache-with-ttl.ts
import { createClient } from '@ironflow/node'

interface Rate {
  pair: string
  rate: number
}

await using client = createClient()
const kv = client.kv()

// Every value of this bucket lives for two seconds. Creating it again with the same options is fine.
await kv.createBucket({ name: 'exchange-rates', ttlSeconds: 2 })
const cache = kv.bucket<Rate>('exchange-rates')

/** The slow thing that is worth caching. */
async function fetchRate(pair: string): Promise<Rate> {
  console.log(`  asking the bank about ${pair} …`)
  return { pair, rate: 1.1 }
}

async function getRate(pair: string): Promise<Rate> {
  const cached = await cache.find(pair)
  if (cached) return cached.value
  const rate = await fetchRate(pair)
  await cache.put(pair, rate)
  return rate
}

console.log('first read:', await getRate('EUR-USD'))
console.log('second read, from the cache:', await getRate('EUR-USD'))

// A value is gone as soon as its time is up; the key itself can live shorter than its bucket's values.
await cache.put('GBP-USD', { pair: 'GBP-USD', rate: 1.3 }, { ttlSeconds: 1 })
await new Promise((resolve) => setTimeout(resolve, 2100))
console.log('keys after two seconds:', await cache.listKeys())
console.log('third read:', await getRate('EUR-USD'))
