import { fromProblem, isIronflowError, toProblem } from '@ironflow/core/errors'
import { type Call, type MethodName, methodRow, RawJson, type Reply, stringify } from '@ironflow/core/protocol'
import type { Transport } from '@ironflow/core/transport'
import type { RawCall } from '../dispatch/call'
import type { ServerCore } from '../server-core'
import { minPositionFrom } from './headers'
import { connectInProcess } from './in-process-connection'

/**
 * Joins a client and a server in one process, without a socket. Everything passes as JSON, as it would over a wire: a
 * caller that changes what it sent or got changes nothing on the other side.
 *
 * @example
 * ```ts
 * const client = createClient({ transport: inProcessTransport(server, { apiKey }) })
 * ```
 */
export function inProcessTransport(
  { core }: { readonly core: ServerCore },
  { apiKey }: { apiKey?: string | undefined } = {},
): Transport {
  const keyHash = core.authenticator.keyHash(apiKey)
  return {
    async call<M extends MethodName>(call: Call<M>, signal: AbortSignal): Promise<Reply<M>> {
      const minPosition = minPositionFrom(call.minPosition, 'minPosition')
      const { known: _, ...sent } = call
      const copy: RawCall<M> = { ...sent, minPosition, params: copyParams(call.params) }
      const reply = core.dispatch(copy, { keyHash, transport: 'in-process' })
      try {
        const { result, ...about } = await untilAborted(reply, signal)
        return { ...about, result: JSON.parse(stringify(result)) as Reply<M>['result'] }
      } catch (error) {
        if (signal.aborted || !isIronflowError(error)) throw error
        const problem: unknown = JSON.parse(stringify(toProblem(error, call.requestId)))
        throw fromProblem(problem, error.status ?? 500)
      }
    },
    connect: (session) => connectInProcess(core, keyHash, session),
    endpoint: ({ method }) => `in-process:${methodRow(method).path}`,
    close() {
      // The server is somebody else's, and calls under way are ended through their signals.
    },
  }
}

function copyParams(params: object): Record<string, unknown> {
  const entries = Object.entries(params).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [name, copy(value)]))
}

function copy(value: unknown): unknown {
  if (value instanceof RawJson) return new RawJson(value.text)
  if (value instanceof Uint8Array) return value.slice()
  return JSON.parse(stringify(value))
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
