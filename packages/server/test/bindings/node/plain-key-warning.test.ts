import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { type Logger, silentLogger } from '../../../src'
import { PlainKeyWarning } from '../../../src/bindings/node/plain-key-warning'

const from = (remoteAddress: string, authorization: string | undefined = 'Bearer ifkey_secret') =>
  ({ headers: { authorization }, socket: { remoteAddress } }) as unknown as IncomingMessage

function warnings(requests: IncomingMessage[], isEncrypted = false): unknown[] {
  const lines: unknown[] = []
  const logger: Logger = { ...silentLogger, warn: (fields) => void lines.push(fields) }
  const warning = new PlainKeyWarning(logger, isEncrypted)
  for (const request of requests) warning.look(request)
  return lines
}

test('is given once for each peer, without the key', () => {
  const lines = warnings([from('10.0.0.1'), from('10.0.0.1'), from('10.0.0.2')])
  expect(lines).toEqual([{ peer: '10.0.0.1' }, { peer: '10.0.0.2' }])
})

test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('is not given for %s', (address) => {
  expect(warnings([from(address)])).toEqual([])
})

test('is given for a key that comes as a subprotocol, too', () => {
  const headers = { 'sec-websocket-protocol': 'ironflow.v1, bearer.aWZrZXk' }
  const request = { headers, socket: { remoteAddress: '10.0.0.1' } } as unknown as IncomingMessage
  expect(warnings([request])).toEqual([{ peer: '10.0.0.1' }])
})

test('is not given where there is no key, or TLS', () => {
  expect(warnings([{ headers: {}, socket: { remoteAddress: '10.0.0.1' } } as unknown as IncomingMessage])).toEqual([])
  expect(warnings([from('10.0.0.1')], true)).toEqual([])
})
