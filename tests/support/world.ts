import {
  type ClientOptions,
  createClient,
  type ErrorContext,
  type IronflowClient,
  type IronflowError,
} from '@ironflow/node'
import { afterAll, beforeAll } from 'vitest'
import { type ServerProcess, type StartOptions, startServer } from '../../scripts/server-process.mjs'
import { type CheckedFetch, checkedFetch } from './checked-fetch'

/** A real server for one test file, and clients whose every answer is checked against its OpenAPI document. */
export interface World {
  readonly server: ServerProcess
  /** A client with the admin key, unless told otherwise. */
  client(options?: ClientOptions): IronflowClient
  /** A client made with a new key of that kind. */
  clientWith(key: {
    role: 'admin' | 'developer' | 'viewer'
    environment?: string
    scopes?: string[]
  }): Promise<IronflowClient>
  /** The same fetch, for requests that no SDK would send. */
  fetch: CheckedFetch
  /** `fetch` of a path of this server, with the admin key. */
  request(path: string, init?: RequestInit): Promise<Response>
}

/** Starts a server before the file's tests and ends it, and every client, after them. */
export function useWorld(options: StartOptions = {}): World {
  const clients: IronflowClient[] = []
  const world = {
    client(clientOptions: ClientOptions = {}): IronflowClient {
      const { url: serverUrl, apiKey } = world.server
      const client = createClient({ serverUrl, apiKey, fetch: world.fetch, ...clientOptions })
      clients.push(client)
      return client
    },
    async clientWith(key: Parameters<World['clientWith']>[0]): Promise<IronflowClient> {
      const created = await world
        .client()
        .admin()
        .apiKeys.create({ name: 'test', ...key })
      return world.client({ apiKey: created.key })
    },
    async request(path: string, init: RequestInit = {}): Promise<Response> {
      const headers = new Headers(init.headers)
      if (world.server.apiKey) headers.set('authorization', `Bearer ${world.server.apiKey}`)
      return world.fetch(`${world.server.url}${path}`, { ...init, headers })
    },
  } as { server: ServerProcess; fetch: CheckedFetch } & World

  beforeAll(async () => {
    world.server = await startServer(options)
    world.fetch = await checkedFetch(world.server.url, world.server.apiKey)
  })
  afterAll(async () => {
    for (const client of clients) await client.close()
    await world.server?.stop()
  })
  return world
}

/** The error a promise rejects with; fails where it does not. */
export async function failure(promise: Promise<unknown>): Promise<IronflowError> {
  try {
    await promise
  } catch (error) {
    return error as IronflowError
  }
  throw new Error('the call did not fail')
}

/** An `onError` that keeps what it is told. */
export function errorRecorder() {
  const reports: Array<{ error: IronflowError; context: ErrorContext }> = []
  return { reports, onError: (error: IronflowError, context: ErrorContext) => void reports.push({ error, context }) }
}
