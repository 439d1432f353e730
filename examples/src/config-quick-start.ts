// Config documents: named JSON objects that a running service can read and change.
// Run: IRONFLOW_SERVER_URL=http://localhost:9123 npx tsx src/config-quick-start.ts
import { createClient } from '@ironflow/node'

interface Limits {
  seats: number
  trialDays?: number
}

await using client = createClient()
const config = client.config()

// A patch creates the document where there is none, and touches only the fields it names.
await config.patch('limits', { seats: 5 })
await config.patch('limits', { trialDays: 14 })

const { data, revision } = await config.get<Limits>('limits')
console.log(`limits at revision ${revision}:`, data)

// Everything is versioned: write something wrong, look back, take it back.
await config.set('limits', { seats: 0 })
const [newest, before] = await config.history<Limits>('limits', { limit: 2 })
console.log(`oops: seats went from ${before?.data?.seats} to ${newest?.data?.seats}`)
if (before) await config.rollback('limits', before.revision)
console.log('after the rollback:', (await config.get<Limits>('limits')).data)

// A document that may not be there is no error for find().
console.log('a document nobody wrote:', await config.find('nobody-wrote-this'))
