import { ConnectionError, type IronflowError, TimeoutError } from '@ironflow/core'

/** Codes by which Node.js and undici say that they waited for too long. */
const TIMEOUTS = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']

/** Codes of OpenSSL for a certificate whose authority is not known here. */
const UNTRUSTED = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]

/** Codes by which the peer asks for a certificate of the client's, or refuses the one it got. */
const CLIENT_CERTIFICATE = [
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
]

/** Codes of a connection that ended early. */
const CLOSED = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']

/** OpenSSL's own report: `80AC…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:…`. */
const OPENSSL_REPORT = /^.*?[\dA-F]+:error:(?:[^:]*:){3}([^:]+):[\s\S]*$/

/** First byte of a TLS alert: what a server that speaks TLS responds to plain HTTP. */
const TLS_ALERT = '\u0015'

/** The server that could not be reached, and how the client came to ask it. */
export interface Reach {
  /** `http://localhost:9123` */
  readonly server: string
  /** `the default serverUrl; set …` */
  readonly source: string
  /** Address of the proxy on the way, without its password. */
  readonly proxy?: string | undefined
}

/**
 * Returns what a network error of Node.js means, and what to do about it. What happened (`connect ECONNREFUSED
 * 127.0.0.1:9123`) is often far down its causes.
 */
export function networkError(thrown: unknown, { server, source, proxy }: Reach): IronflowError {
  const chain = causesOf(thrown)
  const last = chain.filter((error) => error.message !== '').at(-1)
  const reason = (last?.message ?? String(thrown)).replace(OPENSSL_REPORT, '$1')
  const codes = chain.map((error) => String((error as NodeJS.ErrnoException).code))
  const way = proxy === undefined ? '' : ` through the proxy ${proxy}`
  const advice = adviceFor(codes, reason, chain, server)
  const message = `cannot reach ${server} (${source})${way}: ${reason}${advice && `; ${advice}`}`
  return codes.some((code) => TIMEOUTS.includes(code))
    ? new TimeoutError(message, 'timeout', { status: undefined, cause: thrown })
    : new ConnectionError(message, 'connection_failed', { cause: thrown })
}

function adviceFor(codes: string[], reason: string, chain: Error[], server: string): string {
  const { host, hostname, protocol } = new URL(server)
  const isOneOf = (known: readonly string[]) => codes.some((code) => known.includes(code))
  if (isOneOf(['ECONNREFUSED'])) return 'is the server running, and on this port?'
  if (isOneOf(['ENOTFOUND', 'EAI_AGAIN'])) return `is "${hostname}" the right name, and does this machine have DNS?`
  // Its code is EPROTO, or one of its own, as it comes.
  if (/^(wrong version number|packet length too long)$/.test(reason)) {
    return `the server speaks no TLS: is it http://${host}?`
  }
  if (speaksTls(chain)) return `the server speaks TLS: is it https://${host}?`
  if (isOneOf(UNTRUSTED)) {
    return 'give the certificate of its authority in the option tls.ca, or in NODE_EXTRA_CA_CERTS'
  }
  if (isOneOf(['ERR_TLS_CERT_ALTNAME_INVALID'])) {
    return 'use a name of the certificate in serverUrl, or give it in the option tls.servername'
  }
  if (isOneOf(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])) return 'renew its certificate, or set the clock right'
  if (isOneOf(CLIENT_CERTIFICATE)) return 'it wants another client certificate: options tls.cert and tls.key'
  if (!isOneOf(CLOSED)) return ''
  // Some servers say no more than that.
  return protocol === 'https:'
    ? 'if it asks for a client certificate: options tls.cert and tls.key'
    : `if it speaks TLS, it is https://${host}`
}

/** Returns whether what came in place of a response of HTTP begins as an alert of TLS does. */
function speaksTls(chain: Error[]): boolean {
  return chain.some((error) => {
    const { data, rawPacket } = error as { data?: unknown; rawPacket?: unknown }
    const received = rawPacket instanceof Uint8Array ? Buffer.from(rawPacket).toString('latin1') : data
    return String(received ?? '').startsWith(TLS_ALERT)
  })
}

/** An error and what caused it, outermost first. An `AggregateError` (several addresses tried) counts by its first. */
function causesOf(thrown: unknown): Error[] {
  const chain: Error[] = []
  let next = thrown
  while (next instanceof Error && chain.length < 8) {
    chain.push(next)
    next = next instanceof AggregateError ? next.errors[0] : next.cause
  }
  return chain
}
