import { createParser } from 'eventsource-parser'

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

/** Reads events from text that comes in any pieces. What is no event stream yields no events, and no error. */
export class SseDecoder {
  private readonly parser

  /** @param onEvent called during {@link feed}, once for each event that is whole */
  constructor(onEvent: (event: SseEvent) => void) {
    this.parser = createParser({ onEvent: ({ event, id, data }) => onEvent({ type: event, id, data }) })
  }

  /** Takes the next piece. Events may be cut anywhere, also within a line break. */
  feed(text: string): void {
    this.parser.feed(text)
  }
}
