import { createClient } from '@ironflow/node'
import { inParallel } from '../data.mjs'
import { tellLast } from './tell-last.mjs'

/** Clients of the SDK, each with a socket of its own, that watch one bucket. */
const { serverUrl, apiKey, bucket, count } = JSON.parse(process.argv[2])
const onUpdate = tellLast(count)

await inParallel(50, count, async () => {
  const client = createClient({ serverUrl, apiKey })
  await client.kv().bucket(bucket).watch({ onUpdate }, { updatesOnly: true }).ready
})
process.send('ready')
