// Sessions shared by all instances of a web service: one key per session, each with a time-to-live.
// Run: IRONFLOW_SERVER_URL=http://localhost:9123 npx tsx src/sessions.ts
import { randomUUID } from 'node:crypto'
import { createClient, NotFoundError } from '@ironflow/node'

interface Session {
  userId: string
  cart: string[]
}

await using client = createClient()
const sessions = client.kv().bucket<Session>('sessions')
const HALF_AN_HOUR = { ttlSeconds: 30 * 60 }

async function logIn(userId: string): Promise<string> {
  const id = randomUUID()
  // create() writes only where nothing is: two sessions can never get the same key.
  await sessions.create(`${userId}.${id}`, { userId, cart: [] }, HALF_AN_HOUR)
  return `${userId}.${id}`
}

/** Two requests of one session may run at once: modify() lets neither overwrite the other. Writing renews the time. */
async function addToCart(session: string, item: string): Promise<void> {
  await sessions.modify(
    session,
    (current) => {
      if (!current) throw new Error('the session is over')
      return { ...current, cart: [...current.cart, item] }
    },
    HALF_AN_HOUR,
  )
}

const laptop = await logIn('ada')
const phone = await logIn('ada')
await Promise.all([addToCart(laptop, 'book'), addToCart(laptop, 'lamp'), addToCart(laptop, 'chair')])
console.log('cart:', (await sessions.get(laptop)).value.cart.sort())

// Keys are dot-separated tokens, so one filter finds all sessions of one user.
const all = await sessions.listKeys('ada.*')
console.log(`ada is logged in ${all.length} times`)
for (const session of all) await sessions.delete(session)

try {
  await sessions.get(phone)
} catch (error) {
  if (!(error instanceof NotFoundError)) throw error
  console.log('logged out everywhere')
}
