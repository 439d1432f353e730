import { Client } from '../src/client'
import type { IronflowError } from '../src/errors/ironflow-error'
import { ConnectionError } from '../src/errors/kinds'
import type { ErrorContext } from '../src/hooks'
import type { ClientOptions } from '../src/options'
import type { Call, Reply } from '../src/protocol/call'
import type { MethodName } from '../src/protocol/methods'
import type { Transport } from '../src/transport/transport'
import { FakePlatform } from './fake-platform'

/** What a scripted server does with attempt number `attempt` (1, 2, … over all calls): a result, or an error thrown. */
export type Script = (call: Call, attempt: number, signal: AbortSignal) => unknown

/** Answers by a script and remembers every attempt. */
export class FakeTransport implements Transport {
  readonly calls: Call[] = []
  closed = 0

  constructor(private readonly script: Script) {}

  async call<M extends MethodName>(call: Call<M>, signal: AbortSignal): Promise<Reply<M>> {
    this.calls.push(call)
    const result = await this.script(call, this.calls.length, signal)
    return (result instanceof FakeReply ? result : { result }) as Reply<M>
  }

  connect(): never {
    throw new Error('no watches in this test')
  }

  endpoint(call: Call): string {
    return `fake:${call.method}`
  }

  close(): void {
    this.closed += 1
  }

  get methods(): string[] {
    return this.calls.map((call) => call.method)
  }

  params(index: number): Record<string, unknown> {
    return this.calls.at(index)?.params as Record<string, unknown>
  }
}

/** A script's result together with the revision in the answer's header. */
export class FakeReply {
  constructor(
    readonly revision: number,
    readonly result: unknown = { revision },
    readonly epoch?: string,
  ) {}
}

/** A client over a script, with everything a test looks at. */
export function clientOver(script: Script, options: ClientOptions = {}) {
  const platform = new FakePlatform()
  const transport = new FakeTransport(script)
  const failures: Array<{ error: IronflowError; context: ErrorContext }> = []
  const onError = (error: IronflowError, context: ErrorContext) => failures.push({ error, context })
  const client = new Client({ transport, onError, ...options }, platform)
  return { client, platform, transport, failures }
}

/** A connection that broke. */
export function broken(): ConnectionError {
  return new ConnectionError('connection reset', 'connection_failed')
}

/** An answer that never comes; ends only with the attempt. */
export function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** The error that `promise` rejects with; fails where it does not. */
export async function failure<E = IronflowError>(promise: Promise<unknown>): Promise<E> {
  try {
    await promise
  } catch (error) {
    return error as E
  }
  throw new Error('the promise was to reject, and did not')
}
