import type { IncomingMessage } from 'node:http'
import { errorFor } from '@ironflow/core/errors'
import { beyondLimit, type Limits } from '../../limits'

/** The body's declared length; `undefined` where it comes in chunks, 0 where there is none. */
export function declaredLength(request: IncomingMessage): number | undefined {
  if (request.headers['transfer-encoding'] !== undefined) return undefined
  return Number(request.headers['content-length'] ?? 0)
}

/**
 * The whole body. One that says beforehand that it is too large is not read; one that turns out to be stops being kept
 * at that point.
 *
 * @param begin called first where the body is to be read, since its sender may wait to be asked for it
 * @throws payload_too_large; aborted where the connection ended first, with a status that no peer is left to receive
 */
export function readBody(
  request: IncomingMessage,
  limit: number,
  limits: Limits,
  begin?: () => void,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const tooLarge = () => reject(beyondLimit('payload_too_large', 'the body is too large', 'bodyBytes', limits))
    if ((declaredLength(request) ?? 0) > limit) return tooLarge()
    begin?.()
    let first: Buffer | undefined
    let rest: Buffer[] | undefined
    let size = 0
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        request.off('data', onData)
        request.off('end', onEnd)
        tooLarge()
      } else if (!first) first = chunk
      else if (rest) rest.push(chunk)
      else rest = [first, chunk]
    }
    const onEnd = () => resolve(rest ? Buffer.concat(rest, size) : (first ?? EMPTY))
    request.on('data', onData)
    request.on('end', onEnd)
    request.on('error', (cause) => reject(errorFor('aborted', 'the request ended early', { status: 499, cause })))
  })
}

const EMPTY = Buffer.alloc(0)
