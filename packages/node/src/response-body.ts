import { pipeline, Readable } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip } from 'node:zlib'
import type { HttpResponse } from '@ironflow/core/runtime'
import type { Dispatcher } from 'undici'

/** The content codings that are asked for, and read. */
export const ACCEPTED_CODINGS = 'gzip, br'

/** Flushed as it comes, so that an event is not held back; and one that ends too early is read as far as it goes. */
const GZIP = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH }
const BROTLI = { flush: constants.BROTLI_OPERATION_FLUSH, finishFlush: constants.BROTLI_OPERATION_FLUSH }

/** Without the mark of byte order that some servers put first, as `fetch` reads text. */
const utf8 = new TextDecoder()

/** A response's body: gathered as it comes, until it is read as a stream. */
export class ResponseBody {
  private readonly chunks: Buffer[] = []
  private stream: Readable | undefined
  private isComplete = false
  private error: Error | undefined
  /** Set while {@link complete} waits. */
  private settle: (() => void) | undefined

  constructor(
    private readonly controller: Dispatcher.DispatchController,
    private readonly coding: string | undefined,
  ) {}

  data(chunk: Buffer): void {
    if (!this.stream) this.chunks.push(chunk)
    else if (!this.stream.push(chunk)) this.controller.pause()
  }

  end(): void {
    this.isComplete = true
    this.settle?.()
  }

  fail(error: Error): void {
    this.error = error
    this.settle?.()
  }

  async text(): Promise<string> {
    if (this.coding !== undefined) return utf8.decode(Buffer.concat(await this.decoded().toArray()))
    if (!this.isComplete) await this.complete()
    const [first, second] = this.chunks
    return utf8.decode(first && !second ? first : Buffer.concat(this.chunks))
  }

  getReader(): ReturnType<NonNullable<HttpResponse['body']>['getReader']> {
    const iterator: AsyncIterator<Buffer> = this.decoded()[Symbol.asyncIterator]()
    return {
      read: async () => {
        const { done, value } = await iterator.next()
        return done ? { done, value: undefined } : { done: false, value }
      },
    }
  }

  private decoded(): Readable {
    const raw = this.raw()
    const decoder = decoderOf(this.coding)
    // Its errors are those of the stream that it returns.
    return decoder ? pipeline(raw, decoder, () => undefined) : raw
  }

  private raw(): Readable {
    const stream = new Readable({ read: () => this.controller.resume() })
    this.stream = stream
    for (const chunk of this.chunks.splice(0)) stream.push(chunk)
    this.complete().then(
      () => stream.push(null),
      (error: Error) => stream.destroy(error),
    )
    return stream
  }

  private complete(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => (this.error ? reject(this.error) : resolve())
      if (this.isComplete || this.error) settle()
      else this.settle = settle
    })
  }
}

function decoderOf(coding: string | undefined) {
  if (coding === 'gzip' || coding === 'x-gzip') return createGunzip(GZIP)
  return coding === 'br' ? createBrotliDecompress(BROTLI) : undefined
}
