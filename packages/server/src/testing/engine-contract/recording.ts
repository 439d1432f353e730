import type { Position } from '@ironflow/core/protocol'
import type { Engine, EngineEvent } from '../../engine/engine'
import type { Entry } from '../../engine/entry'

/** How long an event may take that the engine owes; an expiry takes up to a second. */
const PATIENCE_MS = 4_000

/** What a follower of a bucket saw, in order. */
export class Recording {
  readonly events: EngineEvent[] = []
  /** Resolves when the engine reports every commit from then on. */
  readonly started: Promise<void>
  readonly stop: () => void
  #wake: (() => void) | undefined

  constructor(engine: Engine, bucket: string) {
    const following = engine.follow(bucket, (event) => {
      this.events.push(event)
      this.#wake?.()
    })
    this.started = following.started
    this.stop = () => following.stop()
  }

  get entries(): Entry[] {
    return this.events.flatMap((event) => (event.type === 'entry' ? [event.entry] : []))
  }

  /** Each entry as `operation key`. */
  get operations(): string[] {
    return this.entries.map(({ operation, key }) => `${operation} ${key}`)
  }

  /** Waits for the event that makes `done` true; throws, naming `what`, where it does not come. */
  async until(what: string, done: (seen: this) => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!done(this)) {
      await new Promise<void>((resolve, reject) => {
        const late = () => reject(new Error(`no ${what} within ${PATIENCE_MS} ms; seen: ${this.operations.join(', ')}`))
        const timer = setTimeout(late, deadline - Date.now())
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Waits until that commit, or a later one of the same life, has been seen. */
  async untilCommit({ epoch, revision }: Position): Promise<void> {
    await this.until(`event of revision ${revision}`, ({ events }) =>
      events.some((event) => {
        const at = positionOf(event)
        return at?.epoch === epoch && at.revision >= revision
      }),
    )
  }
}

function positionOf(event: EngineEvent): Position | undefined {
  if (event.type === 'entry') return event.entry
  return event.type === 'bucket_deleted' ? event : undefined
}

/** Begins to follow a bucket, and waits until the engine reports every commit. */
export async function record(engine: Engine, bucket: string): Promise<Recording> {
  const seen = new Recording(engine, bucket)
  await seen.started
  return seen
}

/** Waits, by asking again, for what no event tells. */
export async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; !(await check()); ) {
    if (Date.now() > deadline) throw new Error(`${what} did not come about within ${PATIENCE_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
