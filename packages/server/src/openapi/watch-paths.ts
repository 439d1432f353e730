import { isWatchKind, type SubscriptionKind, WATCH_KINDS, watchKindRow } from '@ironflow/core/protocol'
import { list, object, ref, type Schema, text } from './schema'

const problem = {
  description: 'A problem (RFC 9457)',
  headers: { 'X-Request-Id': { schema: text }, 'Retry-After': { schema: { type: 'integer' } } },
  content: { 'application/problem+json': { schema: ref('Problem') } },
}
const errors = { 400: problem, 401: problem, 403: problem, 429: problem, 500: problem, 503: problem }
const switching = { description: 'The connection is a WebSocket now' }
const events = {
  description: 'Events without an end: `event:` is the type of a frame, `id:` the cursor, `data:` the frame as JSON',
  content: { 'text/event-stream': { schema: text } },
}

const header = (name: string) => ({ name, in: 'header', schema: text })
const query = (name: string, schema: Schema, description?: string) => ({ name, in: 'query', schema, description })
const path = (name: string) => ({ name, in: 'path', required: true, schema: text })

const environment = [
  header('X-Ironflow-Environment'),
  header('X-Request-Id'),
  query('environment', text, 'For those who cannot set headers'),
]
const lastEventId = [
  header('Last-Event-ID'),
  query('lastEventId', text, 'The same, for clients that cannot set headers; the header comes first'),
]
const one = [
  ...environment,
  ...lastEventId,
  query('cursor', text, 'Where to go on'),
  query('updatesOnly', { type: 'boolean' }, 'Without the current values'),
]

const cursors: Schema = { type: 'object', additionalProperties: text }
const frame: Schema = { type: 'object', properties: { type: text }, required: ['type'] }
const subscription = object(
  { id: text, kind: { enum: Object.keys(WATCH_KINDS) }, target: text },
  { filters: { ...list(text), minItems: 1, maxItems: 64 }, cursor: text, updatesOnly: { type: 'boolean' } },
)

/** The routes that watch. What travels on them is described with the protocol, in `frames.ts`. */
export const WATCH_PATHS: Readonly<Record<string, unknown>> = {
  '/api/v1/ws': {
    get: {
      operationId: 'watch.socket',
      tags: ['watch'],
      description: 'A WebSocket (subprotocol ironflow.v1) that carries subscriptions and calls.',
      parameters: [...environment, header('Sec-WebSocket-Protocol')],
      responses: { ...errors, 101: switching, 426: problem },
    },
  },
  '/api/v1/watch': {
    post: {
      operationId: 'watch.session',
      tags: ['watch'],
      description: 'As Accept says: a stream of events for all subscriptions, or a long poll.',
      parameters: [
        ...environment,
        ...lastEventId,
        query('waitMs', { type: 'integer', minimum: 0, maximum: 60_000 }, 'How long to wait for something to happen'),
      ],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: object({ subscriptions: { ...list(subscription), minItems: 1 } }) } },
      },
      responses: {
        ...errors,
        200: {
          description: 'What happened, and where each subscription is now; or events without an end',
          content: {
            'application/json': { schema: object({ frames: list(frame), cursors }) },
            ...events.content,
          },
        },
        413: problem,
        415: problem,
      },
    },
  },
  ...Object.fromEntries(Object.keys(WATCH_KINDS).filter(isWatchKind).map(watchOne)),
}

/** The route that watches one thing of a kind: its path, and what it is. */
function watchOne(kind: SubscriptionKind): [path: string, item: unknown] {
  const { route, frames } = watchKindRow(kind)
  const { path: template, target, targetDefault, filters } = route
  const inPath = template.replace(/:([a-zA-Z]+)/g, '{$1}')
  const absent = targetDefault === undefined ? undefined : `Absent: ${targetDefault}`
  const parameters: unknown[] = [inPath === template ? query(target, text, absent) : path(target), ...one]
  if (filters) parameters.push({ ...query(filters, list(text), 'Names, or filters: user.*, session.>'), explode: true })
  const responses = { ...errors, 101: switching, 200: events }
  const description = `Frames that tell of changes: ${Object.keys(frames).join(', ')}`
  return [inPath, { get: { operationId: `${kind}.watch`, tags: ['watch'], description, parameters, responses } }]
}
