import { request } from 'node:http'

/** An answer as it was on the wire. */
export interface RawAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  /** The body, where it is JSON. */
  json: { code?: string; detail?: string; fields?: Record<string, string>; [member: string]: unknown } | undefined
}

export interface RawRequest {
  method?: string
  /** Sent as it is: no client in between tidies it up. */
  path: string
  headers?: Record<string, string>
  body?: string | Uint8Array
}

/** One request without a client that corrects it. Fails after ten seconds without an answer: a hang is a failure. */
export function rawRequest(url: string, { method = 'GET', path, headers, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false, timeout: 10_000 }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const type = String(answer.headers['content-type'] ?? '')
        const json = type.includes('json') && text !== '' ? JSON.parse(text) : undefined
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json })
      })
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path}`)))
    sent.on('error', reject)
    sent.end(body)
  })
}
