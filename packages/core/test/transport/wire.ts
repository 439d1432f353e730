import type { ClientOptions } from '../../src/options'
import type { ServerFrame, Subscription } from '../../src/protocol/frames'
import { Credentials } from '../../src/transport/credentials'
import { Link } from '../../src/transport/link'
import type { ConnectionEnd, ConnectionSession } from '../../src/transport/transport'
import { FakePlatform } from '../fake-platform'

/** What a test's server does with one request. */
export type Answer = (request: Request, attempt: number) => Response | Promise<Response>

interface WireOptions {
  answer?: Answer
  apiKey?: ClientOptions['apiKey']
  serverUrls?: string[]
  headers?: Record<string, string>
}

/** What connections are made from, with a scripted server at the other end. */
export function wire({ answer, apiKey, serverUrls = ['http://host/base'], headers = {} }: WireOptions = {}) {
  const platform = new FakePlatform()
  const requests: Request[] = []
  /** As a real one: rejects as soon as the signal aborts, whatever the server does. */
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(String(input), init)
    requests.push(request)
    const { signal } = request
    return new Promise((resolve, reject) => {
      const fail = () => reject(signal.reason)
      if (signal.aborted) return fail()
      signal.addEventListener('abort', fail)
      if (!answer) return reject(new TypeError('connect ECONNREFUSED'))
      Promise.resolve(answer(request, requests.length)).then(resolve, reject)
    })
  }
  const credentials = new Credentials(apiKey, () => undefined)
  const link = new Link({ serverUrls, headers, fetch }, credentials, platform)
  return { platform, requests, credentials, link }
}

/** A session that keeps what it is told. */
export class RecordingSession implements ConnectionSession {
  readonly frames: ServerFrame[] = []
  readonly ends: ConnectionEnd[] = []
  asked = 0
  hasBegun = false
  onFrame: ((frame: ServerFrame) => void) | undefined

  constructor(
    public wanted: Subscription[] = [{ id: '1', kind: 'kv', target: 'b' }],
    readonly environment: string | undefined = undefined,
  ) {}

  subscriptions(): Subscription[] {
    this.asked++
    return this.wanted
  }

  begun(): void {
    this.hasBegun = true
  }

  frame(frame: ServerFrame): void {
    this.frames.push(frame)
    this.onFrame?.(frame)
  }

  ended(end: ConnectionEnd): void {
    this.ends.push(end)
  }

  get types(): string[] {
    return this.frames.map(({ type }) => type)
  }
}
