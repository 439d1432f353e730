import { afterEach, describe, expect, test, vi } from 'vitest'
import type { NodeClientOptions } from '../src/index'
import { serverSource } from '../src/server-source'
import { AUTHORITY, CLIENT, EXPIRED, OTHER_NAME } from './certificates'
import { expectNoUnhandledRejections, failing } from './observe'
import { closedPort, http, rawServer } from './raw-server'
import { plainServer, tlsServer } from './tls-server'

expectNoUnhandledRejections()
afterEach(() => vi.unstubAllEnvs())

const tls = { ca: AUTHORITY }
const TRUST = 'give the certificate of its authority in the option tls.ca, or in NODE_EXTRA_CA_CERTS'
const RENEW = 'renew its certificate, or set the clock right'
const NAME = 'use a name of the certificate in serverUrl, or give it in the option tls.servername'
const SHOW = 'client certificate: options tls.cert and tls.key'

const withScheme = (scheme: string, url: string) => url.replace(/^https?/, scheme)

/** A server, and the options of a client that cannot reach it; what the error says besides. */
type Row = readonly [
  what: string,
  server: () => Promise<{ url: string } & AsyncDisposable>,
  options: (url: string) => NodeClientOptions,
  reason: RegExp,
  advice: (url: string) => string,
]

const ROWS: readonly Row[] = [
  [
    'a server that speaks no TLS',
    () => plainServer(),
    (url) => ({ serverUrl: withScheme('https', url) }),
    /wrong version number|packet length too long/,
    (url) => `the server speaks no TLS: is it ${url}?`,
  ],
  [
    'a server that speaks TLS',
    () => tlsServer(),
    (url) => ({ serverUrl: withScheme('http', url) }),
    /./,
    (url) => `if it speaks TLS, it is ${url}`,
  ],
  [
    'an unknown authority',
    () => tlsServer(),
    (serverUrl) => ({ serverUrl }),
    /unable to verify|self.signed/,
    () => TRUST,
  ],
  [
    'a certificate for another name',
    () => tlsServer(OTHER_NAME),
    (serverUrl) => ({ serverUrl, tls }),
    /does not match certificate's altnames/,
    () => NAME,
  ],
  [
    'a certificate that has expired',
    () => tlsServer(EXPIRED),
    (serverUrl) => ({ serverUrl, tls }),
    /expired/,
    () => RENEW,
  ],
  [
    'a server that asks for a certificate',
    () => tlsServer({ ca: AUTHORITY, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' }),
    (serverUrl) => ({ serverUrl, tls }),
    /certificate required|other side closed/,
    () => SHOW,
  ],
]

describe.each(['a call', 'a watch'])('%s', (kind) => {
  test.each(ROWS)('names %s and what to do', async (_, start, options, reason, advice) => {
    await using server = await start()
    const given = options(server.url)
    const { error } = await failing(given, (client) =>
      kind === 'a call'
        ? client.config().get('limits')
        : new Promise((__, reject) => void client.config().watch('limits', { onError: reject })),
    )
    expect(error.code).toBe('connection_failed')
    expect(error.message).toMatch(new RegExp(`^cannot reach ${given.serverUrl} \\(the option serverUrl\\): `))
    expect(error.message).toMatch(reason)
    expect(error.message.endsWith(advice(server.url)), error.message).toBe(true)
  })
})

test('a certificate of another authority than the server asks for is one more reason', async () => {
  await using server = await tlsServer({ ca: OTHER_NAME.cert, requestCert: true, rejectUnauthorized: true })
  const { error } = await failing({ serverUrl: server.url, tls: { ...tls, ...CLIENT } })
  expect(error.message).toContain(SHOW)
})

test('a host that does not resolve is named', async () => {
  const { error } = await failing({ serverUrl: 'http://ironflow.invalid:9123' })
  expect(error.message).toMatch(/^cannot reach http:\/\/ironflow\.invalid:9123 \(the option serverUrl\): getaddrinfo /)
  expect(error.message).toContain('; is "ironflow.invalid" the right name, and does this machine have DNS?')
})

test('an address from the environment is named as such', async () => {
  vi.stubEnv('IRONFLOW_SERVER_URL', await closedPort())
  const { error } = await failing({})
  expect(error.message).toMatch(/^cannot reach http:\/\/127\.0\.0\.1:\d+ \(from IRONFLOW_SERVER_URL\): connect /)
})

test('the default address says what changes it', () => {
  vi.stubEnv('IRONFLOW_SERVER_URL', '')
  expect(serverSource({})).toBe('the default; set IRONFLOW_SERVER_URL or the option serverUrl')
})

test('an alert of TLS in place of a response is told from text', async () => {
  await using server = await rawServer((socket) => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46])))
  const { error } = await failing({ serverUrl: server.url })
  expect(error.message).toContain(`; the server speaks TLS: is it ${withScheme('https', server.url)}?`)
})

test('text that is no HTTP is not taken for TLS', async () => {
  await using server = await rawServer((socket) => socket.end(http('fine', {}, '').replace('HTTP', 'SSH')))
  const { error } = await failing({ serverUrl: server.url })
  expect(error.message).not.toContain('speaks TLS')
})
