import { type ErrorContext, type IronflowClient, IronflowError } from '@ironflow/core'
import { afterEach, beforeEach, expect } from 'vitest'
import { createClient, type NodeClientOptions } from '../src/index'

/** Fails each test of the file during which a rejection was left unhandled. */
export function expectNoUnhandledRejections(): void {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  beforeEach(() => {
    unhandled.length = 0
    process.on('unhandledRejection', note)
  })
  afterEach(async () => {
    // Node.js tells of them when the microtasks of a turn are done.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
}

/** A failed call: its error, what onError was told, and how long it took. */
export interface Failed {
  error: IronflowError
  context: ErrorContext
  elapsedMs: number
}

/** Makes one call that has to fail, as every call does: with a typed error, told to onError once. */
export async function failing(
  options: NodeClientOptions,
  call: (client: IronflowClient) => Promise<unknown> = (client) => client.config().get('limits'),
): Promise<Failed> {
  const reports: Array<{ error: IronflowError; context: ErrorContext }> = []
  const client = createClient({
    retry: { maxAttempts: 2, baseDelayMs: 1 },
    timeoutMs: 5000,
    ...options,
    onError: (error, context) => reports.push({ error, context }),
  })
  const start = performance.now()
  let thrown: unknown
  try {
    await call(client)
  } catch (error) {
    thrown = error
  }
  const elapsedMs = performance.now() - start
  await client.close()
  expect(thrown).toBeInstanceOf(IronflowError)
  expect(reports.map(({ error }) => error)).toEqual([thrown])
  const [report] = reports as [{ error: IronflowError; context: ErrorContext }]
  expect(report.context).toMatchObject({ method: report.error.method, endpoint: expect.stringMatching(/^http/) })
  return { ...report, elapsedMs }
}

/** Everything that `error` says it was caused by, in one text. */
export function causes(error: unknown): string {
  const told: string[] = []
  for (let next = error; next instanceof Error && told.length < 9; next = next.cause) {
    const { code } = next as NodeJS.ErrnoException
    told.push(`${next.name} ${code ?? ''} ${next.message}`)
    if (next instanceof AggregateError) for (const one of next.errors) told.push(String(one))
  }
  return told.slice(1).join('\n')
}
