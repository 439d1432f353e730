import type { NewApiKey } from '@ironflow/core/protocol'
import { expect } from 'vitest'
import {
  bucketDefaults,
  createMemoryEngine,
  createServer,
  type Engine,
  type IronflowServer,
  openapiDocument,
  type ServerOptions,
} from '../../src'
import { prometheusMetrics } from '../../src/node'
import { AnswerChecker } from './answer-checker'

export const ADMIN_KEY = `ifkey_${'a'.repeat(48)}`

export interface Sent {
  headers?: Record<string, string | undefined>
  /** JSON unless it is text or bytes. */
  body?: unknown
  /** Default: the admin key; `null`: none. */
  key?: string | null
}

export interface Got {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  json: any
}

const checker = new AnswerChecker(JSON.parse(JSON.stringify(openapiDocument('test'))))

/** A server on a memory engine, and requests to it. Every answer is checked against the OpenAPI document. */
export class Harness {
  readonly server: IronflowServer
  readonly engine: Engine

  constructor(options: Partial<ServerOptions> = {}) {
    this.engine =
      options.engine ?? createMemoryEngine({ bucketDefaults: bucketDefaults(), now: options.now ?? Date.now })
    const bootstrapKey = options.auth === 'none' ? undefined : ADMIN_KEY
    this.server = createServer({ bootstrapKey, metrics: prometheusMetrics, ...options, engine: this.engine })
  }

  /** Through the web-standard door. */
  async request(verb: string, target: string, sent: Sent = {}): Promise<Got> {
    const { headers, body } = prepare(sent)
    const request = new Request(`http://localhost${target}`, { method: verb, headers, body: body as BodyInit })
    const response = await this.server.fetch(request)
    return checked(verb, target, response.status, response.headers, await response.text())
  }

  /** Past the URL parser, which would tidy up the target. */
  async raw(verb: string, target: string, sent: Sent = {}): Promise<Got> {
    const { headers, body } = prepare(sent)
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array())
    const all: Record<string, string> = {
      ...(Object.hasOwn(sent.headers ?? {}, 'host') ? {} : { host: 'localhost' }),
      ...headers,
    }
    const response = await this.server.http.handle({ verb, target, header: (name) => all[name], body: () => bytes })
    const text = typeof response.body === 'string' ? response.body : new TextDecoder().decode(response.body)
    return checked(verb, target, response.status, new Headers(response.headers), text)
  }

  /** Makes a key. */
  async key(wanted: Omit<NewApiKey, 'name'>, by?: string): Promise<string> {
    const { status, json } = await this.request('POST', '/api/v1/apikeys', {
      body: { name: 'test', ...wanted },
      key: by,
    })
    expect(status).toBe(201)
    return json.key
  }

  put(target: string, value: unknown, sent: Sent = {}): Promise<Got> {
    return this.request('PUT', `/api/v1/kv/buckets/${target}`, { body: value, ...sent })
  }

  get(target: string, sent: Sent = {}): Promise<Got> {
    return this.request('GET', `/api/v1/kv/buckets/${target}`, sent)
  }
}

function prepare({ headers: given, body: value, key = ADMIN_KEY }: Sent) {
  const headers: Record<string, string> = {}
  if (key !== null) headers.authorization = `Bearer ${key}`
  let body: string | Uint8Array | undefined
  if (typeof value === 'string' || value instanceof Uint8Array) body = value
  else if (value !== undefined) body = JSON.stringify(value)
  if (body !== undefined) headers['content-type'] = 'application/json'
  for (const [name, each] of Object.entries(given ?? {})) {
    if (each === undefined) delete headers[name]
    else headers[name] = each
  }
  return { headers, body }
}

function checked(verb: string, target: string, status: number, headers: Headers, text: string): Got {
  const contentType = headers.get('content-type') ?? undefined
  const problem = checker.problem({ verb, target, status, contentType, text })
  if (problem) throw new Error(`${verb} ${target} → ${status}: ${problem}\n${text}`)
  expect(headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._:-]{1,128}$/)
  return { status, headers, text, json: contentType?.includes('json') && text !== '' ? JSON.parse(text) : undefined }
}
