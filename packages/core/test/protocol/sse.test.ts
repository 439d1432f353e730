import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeSse, SseDecoder, type SseEvent } from '../../src/protocol'

function decode(pieces: readonly string[]): SseEvent[] {
  const events: SseEvent[] = []
  const decoder = new SseDecoder((event) => events.push(event))
  for (const piece of pieces) decoder.feed(piece)
  return events
}

const event = fc.record({
  type: fc.constantFrom('kv_update', 'synced', 'heartbeat'),
  id: fc.option(fc.stringMatching(/^[a-z0-9]{1,8}-\d{1,8}-\d{1,8}$/), { nil: undefined }),
  data: fc.json({ noUnicodeString: false }),
})

test('events come out as they went in, wherever the stream is cut', () => {
  const run = fc.property(fc.array(event), fc.array(fc.nat(40)), (events, cuts) => {
    let rest = events.map(({ type, id, data }) => encodeSse(type, data, { id })).join('')
    const pieces = cuts.map((length) => {
      const piece = rest.slice(0, length)
      rest = rest.slice(length)
      return piece
    })
    expect(decode([...pieces, rest])).toEqual(events)
  })
  fc.assert(run)
})

test.each(['\n', '\r\n', '\r'])('JSON over several lines (%j) stays the same value', (lineBreak) => {
  const data = ['{', '  "a": [1,', '  2]', '}'].join(lineBreak)
  const [read] = decode([encodeSse('config_update', data)])
  expect(JSON.parse(read?.data ?? '')).toEqual({ a: [1, 2] })
})

test('what an EventSource is told besides: its id and how long to wait', () => {
  expect(encodeSse('goodbye', '{}', { id: 'e-1-2', retryMs: 500 })).toBe(
    'event: goodbye\nretry: 500\nid: e-1-2\ndata: {}\n\n',
  )
})

test("a proxy's page is no event", () => {
  expect(decode(['<html>\n<body>502\n\n</html>\n\n'])).toEqual([])
})
