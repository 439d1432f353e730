// A service in strict TypeScript, as an ES module. It is compiled, and never run.
import { createClient, isIronflowError, NotFoundError } from '@ironflow/node'

interface Limits {
  seats: number
}

const client = createClient({ onError: (error, { method }) => console.error(method, error.message) })

export async function seats(): Promise<number> {
  try {
    const { data } = await client.config().get<Limits>('limits')
    return data.seats
  } catch (error) {
    if (error instanceof NotFoundError) return 5
    if (isIronflowError(error)) console.error(error.code)
    throw error
  }
}

export async function remember(user: string): Promise<void> {
  const bucket = client.kv().bucket<{ user: string }>('sessions')
  await bucket.put(user, { user }, { ttlSeconds: 60 })
}
