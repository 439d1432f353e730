import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { addAbortSignal } from 'node:stream'
import { type ConnectionOptions, connect } from 'node:tls'

/** Milliseconds that the proxy, and then the server's TLS, may keep silent. */
const TIMEOUT_MS = 10_000

/** The end of a tunnel. */
export interface TunnelTarget {
  /** A name or an address; one of IPv6 in brackets. */
  readonly hostname: string
  readonly port: number
  /** TLS is spoken through the tunnel. */
  readonly isSecure: boolean
}

/** Returns the end of a tunnel to a server. @param url `http:`, `https:`, `ws:` or `wss:` */
export function tunnelTarget(url: string): TunnelTarget {
  const { protocol, hostname, port } = new URL(url)
  const isSecure = protocol === 'https:' || protocol === 'wss:'
  return { hostname, port: Number(port || (isSecure ? 443 : 80)), isSecure }
}

/**
 * Opens a connection to a server through a proxy (RFC 9110, 9.3.6).
 *
 * @param tls TLS with the server; the proxy's own certificate is checked by the same authorities
 * @param signal ends what is under way
 * @returns the socket, ready to be written to
 */
export async function openTunnel(
  { hostname, port, isSecure }: TunnelTarget,
  proxy: URL,
  tls: ConnectionOptions,
  signal = new AbortController().signal,
): Promise<Socket> {
  const socket = await askProxy(`${hostname}:${port}`, proxy, tls.ca, signal)
  return isSecure ? secure(socket, hostname, tls, signal) : socket
}

function askProxy(authority: string, proxy: URL, ca: ConnectionOptions['ca'], signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const headers = { host: authority, ...proxyAuthorization(proxy) }
    const options = { method: 'CONNECT', path: authority, headers, agent: false as const, timeout: TIMEOUT_MS, signal }
    const asked =
      proxy.protocol === 'https:'
        ? requestHttps({ ...options, ...addressOf(proxy, 443), ca })
        : requestHttp({ ...options, ...addressOf(proxy, 80) })
    asked.once('timeout', () => asked.destroy(timedOut(`the proxy ${proxy.host}`)))
    asked.once('error', reject)
    asked.once('connect', ({ statusCode }, socket) => {
      socket.setTimeout(0)
      if (statusCode === 200) {
        resolve(socket)
        return
      }
      socket.destroy()
      reject(new Error(`the proxy ${proxy.host} responded with ${statusCode} to CONNECT ${authority}`))
    })
    asked.end()
  })
}

function secure(socket: Socket, hostname: string, tls: ConnectionOptions, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const host = bare(hostname)
    // An address is no server name (RFC 6066, 3), but the certificate is checked against it all the same.
    const servername = isIP(host) === 0 ? host : ''
    const secured = connect({ servername, ...tls, host, socket, ALPNProtocols: ['http/1.1'] })
    addAbortSignal(signal, secured)
    secured.setTimeout(TIMEOUT_MS, () => secured.destroy(timedOut(`TLS with ${hostname}`)))
    secured.once('error', reject)
    secured.once('secureConnect', () => {
      secured.setTimeout(0)
      secured.off('error', reject)
      resolve(secured)
    })
  })
}

function addressOf({ hostname, port }: URL, defaultPort: number): { host: string; port: number } {
  return { host: bare(hostname), port: Number(port || defaultPort) }
}

function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {}
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  return { 'proxy-authorization': `Basic ${credentials.toString('base64')}` }
}

/** Without the brackets that an address of IPv6 has in a URL. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

function timedOut(what: string): Error {
  return Object.assign(new Error(`${what} did not respond within ${TIMEOUT_MS} ms`), { code: 'ETIMEDOUT' })
}
