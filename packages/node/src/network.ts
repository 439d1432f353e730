import type { ConnectionOptions } from 'node:tls'
import { invalid } from '@ironflow/core/errors'

/** Options about the way to the servers, for calls and watches alike. */
export interface NetworkOptions {
  /**
   * Address of a proxy, `http://` or `https://`, with user and password where it asks for them. Everything goes through
   * a tunnel that it is asked for with CONNECT. Default: none; environment variables such as `HTTPS_PROXY` are not read.
   */
  proxy?: string | undefined
  /** TLS with servers whose address begins with `https://`. */
  tls?: TlsOptions | undefined
}

/** TLS with a server: the authorities to trust, and a certificate of the client's own. */
export interface TlsOptions {
  /**
   * Certificates of the authorities to trust, as PEM, in place of those that Node.js trusts. They count for an
   * `https://` proxy, too.
   */
  ca?: Pem | Pem[] | undefined
  /** The client's certificate, with the chain to its authority, as PEM. Needs `key`. */
  cert?: Pem | undefined
  /** The private key of `cert`, as PEM. */
  key?: Pem | undefined
  /** The password of `key`. */
  passphrase?: string | undefined
  /** Name to expect in the server's certificate. Default: the host of the address. */
  servername?: string | undefined
  /** `false` accepts any certificate: for tests only. Default true. */
  rejectUnauthorized?: boolean | undefined
}

/** Text as OpenSSL writes it, or the bytes of its file. */
export type Pem = string | Uint8Array

/** {@link NetworkOptions} with everything decided. */
export interface Network {
  readonly proxy: URL | undefined
  readonly tls: ConnectionOptions
}

/** @throws ValidationError if the proxy is no address */
export function resolveNetwork({ proxy, tls = {} }: NetworkOptions): Network {
  const { ca, cert, key, passphrase, servername, rejectUnauthorized } = tls
  const given = {
    ca: ca === undefined ? undefined : [ca].flat().map(bytesOf),
    cert: cert && bytesOf(cert),
    key: key && bytesOf(key),
    passphrase,
    servername,
    rejectUnauthorized,
  }
  // Only what is given: to node:tls, an option that is undefined is not always as good as none.
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  return { proxy: proxy === undefined ? undefined : proxyUrl(proxy), tls: Object.fromEntries(entries) }
}

function proxyUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search || url.hash) {
    throw invalid({ proxy: 'must be http:// or https:// with a host, and no path' })
  }
  return url
}

/** `node:tls` takes bytes, and its types a Buffer. */
function bytesOf(pem: Pem): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength)
}
