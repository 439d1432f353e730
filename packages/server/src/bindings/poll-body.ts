import { stringify } from '@ironflow/core/protocol'
import { jsonHeaders } from './answer'
import type { BodyStream, HttpResponse, StreamOutput } from './message'
import type { PollPlace } from './poll-room'

/** Characters that are encoded together. An answer that has fewer is sent as one text. */
const CHUNK = 65_536

const encoder = new TextEncoder()

/** The answer to a long poll while it is filled. Most of a large one is bytes, outside the heap of the engine. */
export class PollBody {
  private readonly chunks: Uint8Array[] = []
  private chunkBytes = 0
  private texts: string[] = ['{"frames":[']
  private characters = 0
  private isEmpty = true

  /** Its bytes, about: text that is not encoded yet counts by its characters. */
  get bytes(): number {
    return this.chunkBytes + this.characters
  }

  add(frame: string): void {
    this.append(this.isEmpty ? frame : `,${frame}`)
    this.isEmpty = false
  }

  /** Ends it. @param place room that it has, which is given back as the peer takes it */
  end(cursors: Readonly<Record<string, string>>, place: PollPlace | undefined): HttpResponse {
    this.texts.push(`],"cursors":${stringify(cursors)}}`)
    if (this.chunks.length === 0) {
      place?.leave()
      return { status: 200, headers: jsonHeaders(), body: this.texts.join('') }
    }
    this.encode()
    place?.shrink(this.chunkBytes)
    const headers = { ...jsonHeaders(), 'content-length': String(this.chunkBytes) }
    return { status: 200, headers, stream: new ChunkStream(this.chunks, place) }
  }

  private append(text: string): void {
    this.texts.push(text)
    this.characters += text.length
    if (this.characters >= CHUNK) this.encode()
  }

  private encode(): void {
    const chunk = encoder.encode(this.texts.join(''))
    this.chunks.push(chunk)
    this.chunkBytes += chunk.length
    this.texts = []
    this.characters = 0
  }
}

/** Bytes that are handed over as the peer takes them, and then let go. */
class ChunkStream implements BodyStream {
  private output: StreamOutput | undefined

  constructor(
    private readonly chunks: Uint8Array[],
    private readonly place: PollPlace | undefined,
  ) {}

  start(output: StreamOutput): void {
    this.output = output
    this.drained()
  }

  drained(): void {
    const { chunks, output, place } = this
    while (output?.ready) {
      const chunk = chunks.shift()
      if (!chunk) return
      place?.shrink(chunks.reduce((sum, { length }) => sum + length, 0))
      if (chunks.length > 0) output.write(chunk)
      else output.end(chunk)
    }
  }

  cancel(): void {
    this.chunks.length = 0
    this.place?.leave()
  }
}
