import { type ClientOptions, createClient, type IronflowClient, type IronflowError } from '@ironflow/node'
import { expect } from 'vitest'
import { inProcessTransport, type ServerOptions } from '../../src'
import { ADMIN_KEY, Harness } from './harness'

const PATIENCE_MS = 5_000
const clients: IronflowClient[] = []
const harnesses: Harness[] = []

export const start = (options: Partial<ServerOptions> = {}) => {
  const harness = new Harness(options)
  harnesses.push(harness)
  return harness
}
/** @param apiKey `null`: none */
export const connect = ({ server }: Harness, apiKey: string | null = ADMIN_KEY, options: ClientOptions = {}) => {
  const transport = inProcessTransport(server, { apiKey: apiKey ?? undefined })
  const client = createClient({ transport, ...options })
  clients.push(client)
  return client
}

/** What was told, and waiting for more. */
export class Told<E> {
  readonly events: E[] = []
  private wake: () => void = () => undefined

  readonly take = (event: E): void => {
    this.events.push(event)
    this.wake()
  }

  /** Waits until so many things were told. */
  async until(count: number): Promise<E[]> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`was told ${JSON.stringify(this.events)}`)), PATIENCE_MS)
      this.wake = () => {
        if (this.events.length >= count) resolve()
      }
      this.wake()
    }).finally(() => clearTimeout(timer))
    return this.events
  }
}

/** A watch of a bucket, and all that it tells. */
export function watch(client: IronflowClient, bucket = 'b', key?: string | string[]) {
  const updates = new Told<unknown>()
  const errors = new Told<IronflowError>()
  const closes = new Told<IronflowError | undefined>()
  const states = new Told<string>()
  const watcher = client
    .kv()
    .bucket(bucket)
    .watch(
      {
        onUpdate: ({ key, data, operation }) => updates.take([operation, key, data]),
        onError: errors.take,
        onClose: closes.take,
        onStatus: ({ state }) => states.take(state),
      },
      { key },
    )
  return { watcher, updates, errors, closes, states }
}

/** Closes what a test has opened; on the server nothing is left. */
export async function closeAll(): Promise<void> {
  for (const client of clients.splice(0)) await client.close()
  for (const { server, engine } of harnesses.splice(0)) {
    await server.close()
    await engine.close()
    expect(server.core.watching.size).toBe(0)
  }
}
