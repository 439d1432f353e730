import type { ConnectionSettings } from './connection'

/** Milliseconds that one request of an examination may take. */
const PATIENCE_MS = 5_000

/** An HTTP response as an examination sees it, whatever sent it. */
export interface Response {
  readonly status: number
  readonly headers: Headers
  /** The body, where it is a JSON object. */
  readonly body: Readonly<Record<string, unknown>> | undefined
}

/**
 * Sends one GET. The routes about the server itself are no methods of the SDK; and the SDK hides what an examination
 * looks for, such as the answer of a web server that is not Ironflow.
 *
 * @throws the runtime's error where there is no response
 */
export async function probe(path: string, { server, key, environment }: ConnectionSettings): Promise<Response> {
  const headers = new Headers({ accept: 'application/json' })
  if (key) headers.set('authorization', `Bearer ${key.value}`)
  if (environment) headers.set('x-ironflow-environment', environment.value)
  const url = server.value.replace(/\/+$/, '') + path
  const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) })
  return { status: response.status, headers: response.headers, body: jsonObject(await response.text()) }
}

/** Returns the detail of a problem document, or the status. */
export function reasonOf({ status, body }: Response): string {
  return typeof body?.detail === 'string' ? body.detail : `HTTP status ${status}`
}

function jsonObject(text: string): Response['body'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    // An HTML page, or nothing: the status says enough.
    return undefined
  }
}
