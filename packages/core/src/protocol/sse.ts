/**
 * Server-sent events, both ends: a frame is one event, whose `event:` is the frame's type, whose `id:` is a cursor, and
 * whose data is the frame as JSON.
 */

/** An event as it was read. */
export interface SseEvent {
  /** The frame's type; undefined where the sender named none. */
  type: string | undefined
  /** The cursor, where the event carried one. */
  id: string | undefined
  data: string
}

/** What an event carries besides its type and its data. */
export interface SseFields {
  /** What an `EventSource` hands back as `Last-Event-ID`. */
  id?: string | undefined
  /** How long an `EventSource` is to wait before it comes back. */
  retryMs?: number | undefined
}

/** The text of one event. `type` and `id` hold no line breaks; `data` may: JSON that somebody wrote over several lines. */
export function encodeSse(type: string, data: string, { id, retryMs }: SseFields = {}): string {
  let text = `event: ${type}\n`
  if (retryMs !== undefined) text += `retry: ${retryMs}\n`
  if (id !== undefined) text += `id: ${id}\n`
  // A line break ends a field, so each line of the data becomes one. The usual text has none and is not split.
  for (const line of /[\r\n]/.test(data) ? data.split(/\r\n|\r|\n/) : [data]) text += `data: ${line}\n`
  return `${text}\n`
}

/**
 * Reads events from text that comes in any pieces. What is no event stream yields no events, and no error.
 *
 * It reads what the HTML standard calls an event stream, but for comments, `retry:` and a byte order mark, which
 * decoding UTF-8 takes off.
 */
export class SseDecoder {
  /** The line that is not whole yet. Joined only then: otherwise each piece would copy all that came before it. */
  private pieces: string[] = []
  private data: string[] = []
  private type: string | undefined
  private id: string | undefined
  /** The text ended in a carriage return: a line feed that follows belongs to it. */
  private endedInCr = false

  /** @param onEvent called during {@link feed}, once for each event that is whole */
  constructor(private readonly onEvent: (event: SseEvent) => void) {}

  /** Takes the next piece. Events may be cut anywhere, also within a line break. */
  feed(text: string): void {
    if (text === '') return
    const lines = (this.endedInCr ? text.replace(/^\n/, '') : text).split(/\r\n|\r|\n/)
    this.endedInCr = text.endsWith('\r')
    for (const [index, line] of lines.entries()) {
      if (index > 0) this.line(this.pieces.splice(0).join(''))
      this.pieces.push(line)
    }
  }

  private line(line: string): void {
    const { type, id, data } = this
    if (line === '') {
      this.type = this.id = undefined
      this.data = []
      if (data.length > 0) this.onEvent({ type, id, data: data.join('\n') })
      return
    }
    const [field] = line.split(':', 1) as [string]
    const value = line.slice(field.length + (line[field.length + 1] === ' ' ? 2 : 1))
    if (field === 'data') data.push(value)
    else if (field === 'event') this.type = value || undefined
    else if (field === 'id' && !value.includes('\0')) this.id = value
  }
}
