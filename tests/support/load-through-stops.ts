import { type ClientOptions, ConflictError, createClient, type IronflowClient } from '@ironflow/node'
import { startServer } from '../../scripts/server-process.mjs'

const CLIENTS = 4
/** Calls that each client has under way at once. */
const LANES = 8
/** Values that each client puts into one key: fewer, of all clients, than the revisions that the bucket keeps. */
const PUTS_PER_KEY = 12
const BUCKET = 'load'

/** What came of the calls that graceful stops of their server fell into. Each list is empty if none was made twice. */
export interface LoadReport {
  readonly calls: number
  /** Values that the history of their key has twice. */
  readonly twice: readonly string[]
  /** Those whose second time came after the value of another client. */
  readonly overwriting: readonly string[]
  /** Keys of the caller's own whose creation met a value. */
  readonly conflicts: readonly string[]
  /** Acknowledged values that the history of their key does not have. */
  readonly lost: readonly string[]
}

/**
 * Puts and creates through several clients while the server is stopped by SIGTERM and started again on the same port and
 * data, each time after another `callsBetween` acknowledged calls.
 */
export async function loadThroughStops(
  stops: number,
  callsBetween: number,
  options: Pick<ClientOptions, 'transport'>,
): Promise<LoadReport> {
  const first = await startServer({ args: ['--dev'] })
  let server = first
  const clients = Array.from({ length: CLIENTS }, () => {
    const retry = { maxAttempts: 200, baseDelayMs: 20, maxDelayMs: 200 }
    return createClient({ serverUrl: first.url, timeoutMs: 60_000, retry, ...options })
  })
  const load = new Load()
  try {
    await clients[0]?.kv().createBucket({ name: BUCKET, history: 64 })
    const lanes = clients.flatMap((client, number) => {
      return Array.from({ length: LANES }, (_, lane) => load.run(client, `${number}`, `${lane}`))
    })
    const all = Promise.all(lanes)
    for (let stop = 0; stop < stops; stop++) {
      await Promise.race([load.calls(callsBetween), all])
      await server.terminate()
      server = await startServer({ args: ['--dev', '--port', new URL(first.url).port], data: first.data })
    }
    await Promise.race([load.calls(callsBetween), all])
    load.isOver = true
    await all
    return await load.report(clients[0] as IronflowClient)
  } finally {
    for (const client of clients) await client.close()
    await server.stop()
    await first.stop()
  }
}

class Load {
  isOver = false
  private count = 0
  private waiting: { count: number; resolve: () => void } | undefined
  private readonly acknowledged = new Map<string, string[]>()
  private readonly conflicts: string[] = []

  /** Waits for so many more acknowledged calls. */
  calls(more: number): Promise<void> {
    return new Promise((resolve) => {
      this.waiting = { count: this.count + more, resolve }
    })
  }

  /** Calls one after the other, until it is over. Clients share the keys that they put, lane by lane. */
  async run(client: IronflowClient, name: string, lane: string): Promise<void> {
    const bucket = client.kv().bucket<string>(BUCKET)
    for (let n = 0; !this.isOver; n++) {
      const key = `put.${lane}.${Math.floor(n / PUTS_PER_KEY)}`
      const value = `${name}.${lane}.${n}`
      await bucket.put(key, value)
      this.acknowledged.set(key, [...(this.acknowledged.get(key) ?? []), value])
      this.acknowledge()
      try {
        await bucket.create(`create.${value}`, value)
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        this.conflicts.push(value)
      }
      this.acknowledge()
    }
  }

  async report(client: IronflowClient): Promise<LoadReport> {
    const bucket = client.kv().bucket<string>(BUCKET)
    const [twice, overwriting, lost]: [string[], string[], string[]] = [[], [], []]
    for (const [key, acknowledged] of this.acknowledged) {
      const values = (await bucket.history(key)).map(({ value }) => value ?? '').reverse()
      lost.push(...acknowledged.filter((value) => !values.includes(value)))
      for (const [index, value] of values.entries()) {
        const again = values.indexOf(value, index + 1)
        if (again < 0) continue
        twice.push(value)
        const between = values.slice(index + 1, again)
        if (between.some((other) => other.split('.')[0] !== value.split('.')[0])) overwriting.push(value)
      }
    }
    return { calls: this.count, twice, overwriting, conflicts: this.conflicts, lost }
  }

  private acknowledge(): void {
    this.count++
    if (this.waiting && this.count >= this.waiting.count) this.waiting.resolve()
  }
}
