// What can go wrong, and how a program tells it apart: typed errors, and one hook that sees every failure.
// Run: IRONFLOW_SERVER_URL=http://localhost:9123 npx tsx src/errors.ts
import {
  ConflictError,
  ConnectionError,
  createClient,
  isIronflowError,
  NotFoundError,
  ValidationError,
} from '@ironflow/node'

await using client = createClient({
  // Called once per failed call, after the last retry: the place for a log line or a metric.
  onError: (error, { method, attempts }) =>
    console.log(`  onError: ${method} failed with ${error.code} (attempts: ${attempts})`),
})
const config = client.config()

console.log('a document that is not there:')
try {
  await config.get('no-such-document')
} catch (error) {
  if (error instanceof NotFoundError) console.log('  use the defaults')
}

console.log('somebody else was faster:')
const { revision } = await config.set('prices', { book: 10 })
await config.set('prices', { book: 11 })
try {
  await config.set('prices', { book: 12 }, { ifRevision: revision })
} catch (error) {
  if (error instanceof ConflictError)
    console.log(`  read again: it is at revision ${error.currentRevision}, not ${revision}`)
}

console.log('input that can never be right:')
try {
  await client.kv().bucket('cache').put('no spaces please', 1)
} catch (error) {
  if (error instanceof ValidationError) console.log('  fields:', error.fields)
}

console.log('a server that is down:')
await using nobody = createClient({ serverUrl: 'http://127.0.0.1:65000', retry: { maxAttempts: 2 } })
try {
  await nobody.config().get('prices')
} catch (error) {
  if (error instanceof ConnectionError) console.log(`  ${error.message}; retryable: ${error.retryable}`)
}

console.log('giving up early:')
try {
  await config.get('prices', { signal: AbortSignal.abort(new Error('the user went away')) })
} catch (error) {
  if (isIronflowError(error)) console.log(`  code ${error.code}, because: ${(error.cause as Error).message}`)
}
