/** The first byte of a message that is text and has one frame (RFC 6455, 5.2). */
const WHOLE_TEXT = 0x81
/** In the second byte: the length follows, in so many bytes. */
const LENGTH_IN_2 = 126
const LENGTH_IN_8 = 127

/**
 * A message as a server puts it on a WebSocket. A server's frames are not masked, so the same bytes do for every socket;
 * `ws` would make two writes of head and body, for each of them.
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const head = length < LENGTH_IN_2 ? 2 : length < 2 ** 16 ? 4 : 10
  const frame = Buffer.allocUnsafe(head + length)
  frame[0] = WHOLE_TEXT
  if (head === 2) frame[1] = length
  else if (head === 4) {
    frame[1] = LENGTH_IN_2
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = LENGTH_IN_8
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, head)
  return frame
}
