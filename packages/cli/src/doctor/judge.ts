import { EXIT } from '../exit-code'
import type { Setting } from './connection'
import type { Finding } from './finding'
import { type Response, reasonOf } from './probe'

/** Milliseconds by which clocks may differ unnoticed. */
const CLOCK_TOLERANCE_MS = 30_000

/** Advice about an address, by the code of the system's or TLS's error. */
const ADDRESS_ADVICE: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'nothing listens there: start a server with "ironflow serve --dev", or give another --server'],
  [/ENOTFOUND|EAI_AGAIN/, 'the name of the host does not resolve: check its spelling, the DNS and a VPN'],
  [/ERR_SSL_WRONG_VERSION_NUMBER|EPROTO/, 'the server does not speak TLS: write http:// in place of https://'],
  [
    /CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO/,
    'trust the authority of the certificate (NODE_EXTRA_CA_CERTS=ca.pem), or use the host name that it names',
  ],
  [/TIMEOUT|TimeoutError/, 'nothing answers: check the host, its firewall and the port'],
  [/ECONNRESET|UND_ERR_SOCKET/, 'the connection was cut: a server that speaks TLS needs https://'],
]

/** Judges a request to the server that got no response. */
export function unreachable({ value, source }: Setting<string>, thrown: unknown): Finding {
  const { message, codes } = causesOf(thrown)
  const advice = ADDRESS_ADVICE.find(([pattern]) => pattern.test(codes))?.[1] ?? 'check the address and the network'
  const text = `${value} (${source}): ${message}`
  return { check: 'address', verdict: 'failed', text, advice, exitCode: EXIT.notReachable }
}

/** Judges the response to `GET /health`, and how long it took. */
export function judgeAddress({ value, source }: Setting<string>, response: Response, tookMs: number): Finding {
  const address = `${value} (${source})`
  if (response.status === 200 && response.body?.status === 'ok') {
    return { check: 'address', verdict: 'ok', text: `${address}, ${Math.round(tookMs)} ms` }
  }
  return {
    check: 'address',
    verdict: 'failed',
    text: `${address} does not answer as an Ironflow server: ${reasonOf(response)}`,
    advice: 'check host, port and path of --server; a proxy must pass /health, /ready and /api/',
    exitCode: EXIT.notReachable,
  }
}

/** Judges the time by which the server's clock is ahead of this machine's. */
export function judgeClock(date: string | null, now: number): Finding {
  const aheadMs = date === null ? Number.NaN : Date.parse(date) - now
  if (Number.isNaN(aheadMs)) return { check: 'clock', verdict: 'skipped', text: 'the server does not say its time' }
  // HTTP dates have whole seconds.
  const seconds = Math.round(aheadMs / 1000)
  if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) {
    return { check: 'clock', verdict: 'ok', text: 'agrees with the server’s' }
  }
  const direction = seconds > 0 ? 'ahead of' : 'behind'
  return {
    check: 'clock',
    verdict: 'warning',
    text: `the server is ${Math.abs(seconds)} s ${direction} this machine`,
    advice: 'set both by NTP: expiry of keys and values is counted by the server’s clock',
  }
}

/** Judges the response to a request that needs a key with any right. */
export function judgeKey(key: Setting<string> | undefined, response: Response): Finding {
  const given = key === undefined ? 'none given' : `from ${key.source}`
  if (response.status === 200) {
    return {
      check: 'key',
      verdict: 'ok',
      text: key === undefined ? 'none given, and none needed' : `${given}, accepted`,
    }
  }
  const text = `${given}: ${reasonOf(response)}`
  return { check: 'key', verdict: 'failed', text, advice: keyAdvice(key, response), exitCode: EXIT.notAuthorised }
}

function keyAdvice(key: Setting<string> | undefined, { status }: Response): string {
  if (key === undefined) {
    return 'give one with --key or IRONFLOW_API_KEY; the first one is in bootstrap-key.json in the data directory'
  }
  const list = '"ironflow apikey list" with a key of role admin shows'
  if (status === 403) return `it may do nothing here: ${list} its role, environment and scopes`
  return `it is unknown, revoked or expired: ${list} those that are valid`
}

/** Judges the versions of this command and of the server. */
export function judgeVersions(own: string, server: string, node: string): Finding {
  const text = `command ${own}, server ${server}, Node.js ${node}`
  const lineOf = (version: string) => version.split('.').slice(0, 2).join('.')
  if (lineOf(own) === lineOf(server)) return { check: 'versions', verdict: 'ok', text }
  return { check: 'versions', verdict: 'warning', text, advice: 'use the same version of both' }
}

/** Judges a request that reads from the environment. @param known environments that have data */
export function judgeEnvironment(
  environment: Setting<string> | undefined,
  response: Response,
  known: readonly string[] | undefined,
): Finding {
  const name = response.headers.get('x-ironflow-environment') ?? environment?.value ?? 'default'
  const place = `${name} (${environment?.source ?? 'of the key, or default'})`
  if (response.status !== 200) {
    const isRight = response.status === 401 || response.status === 403
    const exitCode = isRight ? EXIT.notAuthorised : EXIT.usage
    const text = `${place}: ${reasonOf(response)}`
    const advice = 'give another with --env or IRONFLOW_ENV'
    return { check: 'environment', verdict: 'failed', text, advice, exitCode }
  }
  if (known === undefined || known.includes(name)) return { check: 'environment', verdict: 'ok', text: place }
  const text = `${place} has no data yet`
  // Nothing was misspelt where nothing was given.
  if (environment === undefined) return { check: 'environment', verdict: 'ok', text }
  const advice = known.length > 0 ? `if that is a typing error: there are ${known.join(', ')}` : undefined
  return { check: 'environment', verdict: 'warning', text, advice }
}

/** The last message in a chain of causes, and all codes and names in it. */
function causesOf(thrown: unknown): { message: string; codes: string } {
  let message = String(thrown)
  const codes: string[] = []
  for (let next = thrown; next instanceof Error; next = next instanceof AggregateError ? next.errors[0] : next.cause) {
    if (next.message !== '') message = next.message.trim()
    codes.push(next.name, 'code' in next ? String(next.code) : '')
  }
  return { message, codes: codes.join(' ') }
}
