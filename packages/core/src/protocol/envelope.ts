import { FieldProblems } from '../errors/field-problems'
import { invalid, type ValidationError } from '../errors/kinds'
import { isRecord } from '../is-record'
import { parseCursor } from './cursor'
import type { CallFrame, ClientFrame, ServerFrame, Subscription } from './frames'
import { parseJson, RawJson, stringify } from './json'
import { type JsonLimits, parseJsonWithin } from './json-check'
import { MemberReader } from './json-members'
import { METHODS, type MethodRow } from './methods'
import { parsePosition } from './position'
import { isWellFormed } from './value'
import { isWatchKind, WATCH_KINDS, type WatchKindRow, watchKindRow } from './watch-kinds'

/**
 * Frames as JSON text, both ends. A client believes what its server says and looks only whether it is a frame at all; a
 * server believes nothing.
 */

/** A frame as it travels. */
export function encodeFrame(frame: ServerFrame | ClientFrame): string {
  return stringify(frame)
}

/** The frame in `text`; `undefined` where it holds none. Its type may be one that this version does not know. */
export function parseServerFrame(text: string): ServerFrame | undefined {
  const frame = parseJson(text)
  return isServerFrame(frame) ? frame : undefined
}

/** Whether that is a frame, by all that a client looks at. */
export function isServerFrame(value: unknown): value is ServerFrame {
  return isRecord(value) && typeof value.type === 'string'
}

/** What a client sent: a frame; or what is wrong, with the subscription or the call it was about, if that can be told. */
export type ReceivedFrame =
  | { readonly frame: ClientFrame; readonly error?: undefined }
  | { readonly error: ValidationError; readonly sub?: string | undefined; readonly call?: string | undefined }

/** Bounds of the subscriptions that a server takes. */
export interface SubscriptionLimits extends JsonLimits {
  /** The filters of a longer list are not looked into: who subscribes refuses it. */
  readonly filtersPerSubscription: number
}

/** Members that a message, or the parameters in it, may have. No message that is known has nearly as many. */
const MAX_MEMBERS = 64

/** The parameters that are the body of a request over HTTP: they stay text even where they are a string or a number. */
const BODIES: ReadonlySet<string | undefined> = /* @__PURE__ */ new Set(
  /* @__PURE__ */ Object.values(METHODS).map(({ body }: MethodRow) => body),
)

/**
 * Parses one message of a client. Never throws. The method checks a call's parameters later; arrays and objects among
 * them stay text, unchecked: building their values could take long.
 *
 * @param limits bounds of a subscription, which is built
 */
export function parseClientFrame(text: string, limits: SubscriptionLimits): ReceivedFrame {
  const reader = new MemberReader(text)
  const frame = readFlat(reader, 'params')
  if (!frame || !reader.isWhole) {
    return {
      error: invalid({ message: `must be a JSON object; it and its params have at most ${MAX_MEMBERS} members` }),
    }
  }
  const idProblem = nameProblem(frame.id)
  if (idProblem) return { error: invalid({ id: idProblem }) }
  const id = frame.id as string
  if (frame.type === 'subscribe') return parseSubscribe(text, id, limits)
  if (frame.type === 'unsubscribe') return { frame: { type: 'unsubscribe', id } }
  if (frame.type === 'call') return checkCall(frame, id)
  return { error: invalid({ type: 'must be subscribe, unsubscribe or call' }) }
}

/**
 * The members of an object, arrays and objects among them as text: but for the object called `nested`, whose members
 * are read the same way. `undefined` where an object does not end, or has too many members.
 */
function readFlat(reader: MemberReader, nested?: string): Record<string, unknown> | undefined {
  const members: Record<string, unknown> = Object.create(null)
  for (let count = 0; reader.next(); count++) {
    if (count === MAX_MEMBERS) return undefined
    const { name } = reader
    const isNested = name === nested && reader.isObject
    const member = isNested ? readFlat(reader.members()) : readValue(name, reader.value)
    if (member === undefined) return undefined
    members[name] = member
  }
  return reader.closedAt < 0 ? undefined : members
}

function readValue(name: string, text: string): unknown {
  const staysText = BODIES.has(name) || text.startsWith('{') || text.startsWith('[')
  return staysText ? new RawJson(text) : parseJson(text)
}

/**
 * The subscriptions of a `POST /api/v1/watch`.
 *
 * @throws ValidationError naming the places that are wrong: `subscriptions.2.target`
 */
export function parseWatchRequest(
  body: unknown,
  { filtersPerSubscription }: Pick<SubscriptionLimits, 'filtersPerSubscription'>,
): Subscription[] {
  const given = isRecord(body) ? body.subscriptions : undefined
  if (!Array.isArray(given) || given.length === 0) throw invalid({ subscriptions: 'must be a list, and not empty' })
  const problems = new FieldProblems()
  for (const name of Object.keys(body as object)) if (name !== 'subscriptions') problems.add(name, 'is not known here')
  const subscriptions: Subscription[] = []
  const ids = new Set<string>()
  for (const [index, each] of given.entries()) {
    if (problems.isFull) break
    const subscription = checkSubscription(each, `subscriptions.${index}.`, problems, filtersPerSubscription)
    if (!subscription) continue
    if (ids.has(subscription.id)) problems.add(`subscriptions.${index}.id`, 'is another subscription’s, too')
    ids.add(subscription.id)
    subscriptions.push(subscription)
  }
  problems.throwIfAny()
  return subscriptions
}

const CALL_TEXTS = ['requestId', 'environment', 'idempotencyKey', 'traceparent', 'minPosition', 'consistency']
const CALL_MEMBERS = ['type', 'id', 'method', 'params', ...CALL_TEXTS]
const MEMBERS = ['id', 'kind', 'target', 'filters', 'cursor', 'updatesOnly']

/**
 * The subscription in `value`; or `undefined`, with what is wrong noted in `problems` under places that start so.
 *
 * @param maxFilters see {@link SubscriptionLimits}
 */
export function checkSubscription(
  value: unknown,
  place: string,
  problems: FieldProblems,
  maxFilters = Number.POSITIVE_INFINITY,
): Subscription | undefined {
  const before = problems.count
  const fail = (member: string, problem: string | undefined) => {
    if (problem) problems.add(`${place}${member}`, problem)
  }
  if (!isRecord(value)) {
    problems.add(place.replace(/\.$/, ''), 'must be a JSON object')
    return undefined
  }
  const { id, kind, target, filters, cursor, updatesOnly } = value
  fail('id', nameProblem(id))
  const row = isWatchKind(kind) ? watchKindRow(kind) : undefined
  if (!row) fail('kind', `must be one of ${Object.keys(WATCH_KINDS).join(', ')}`)
  else {
    // Named as the parameter that users know, too.
    const problem = typeof target === 'string' ? row.target(target) : 'must be a string'
    fail('target', problem && `${row.route.target} ${problem}`)
    if (filters !== undefined) fail('filters', filtersProblem(row, filters, maxFilters))
  }
  if (cursor !== undefined && (typeof cursor !== 'string' || !parseCursor(cursor))) {
    fail('cursor', 'is not one that this server gave')
  }
  if (updatesOnly !== undefined && typeof updatesOnly !== 'boolean') fail('updatesOnly', 'must be true or false')
  for (const name of Object.keys(value)) {
    if (!MEMBERS.includes(name)) fail(name, 'is not a member of a subscription')
  }
  if (problems.count > before) return undefined
  return { id, kind, target, filters, cursor, updatesOnly } as Subscription
}

function filtersProblem(
  { filter: rule, route }: WatchKindRow,
  filters: unknown,
  maxFilters: number,
): string | undefined {
  if (!rule) return 'have no meaning for this kind'
  if (!Array.isArray(filters) || filters.length === 0) return 'must be a list, and not empty; absent: all keys'
  // Too many are refused by their number, with the limit's name, and not looked at.
  if (filters.length > maxFilters) return undefined
  for (const filter of filters) {
    const problem = typeof filter === 'string' ? rule(filter) : 'must be a string'
    if (problem) return `${route.filters} ${problem}`
  }
  return undefined
}

function parseSubscribe(text: string, id: string, limits: SubscriptionLimits): ReceivedFrame {
  try {
    const { type: _, ...rest } = parseJsonWithin(text, limits, 'message') as Record<string, unknown>
    const problems = new FieldProblems()
    const subscription = checkSubscription(rest, '', problems, limits.filtersPerSubscription)
    if (subscription) return { frame: { type: 'subscribe', ...subscription } }
    throw problems.error()
  } catch (error) {
    return { error: error as ValidationError, sub: id }
  }
}

function checkCall(frame: Record<string, unknown>, id: string): ReceivedFrame {
  const { method, params } = frame
  const problems = new FieldProblems()
  if (typeof method !== 'string' || !Object.hasOwn(METHODS, method)) problems.add('method', 'is none of this server’s')
  if (!isRecord(params) || params instanceof RawJson) problems.add('params', 'must be a JSON object')
  for (const name of CALL_TEXTS) {
    if (frame[name] !== undefined && typeof frame[name] !== 'string') problems.add(name, 'must be a string')
  }
  const { minPosition, consistency } = frame
  if (typeof minPosition === 'string' && !parsePosition(minPosition)) {
    problems.add('minPosition', 'must be a revision, 0 or more, or a position such as 5-<epoch>')
  }
  if (consistency !== undefined && consistency !== 'strong') problems.add('consistency', 'must be strong, or absent')
  // An unknown member is refused: its sender believes that it has an effect.
  for (const name of Object.keys(frame)) {
    if (!CALL_MEMBERS.includes(name)) problems.add(name, 'is not a member of a call')
  }
  const error = problems.error()
  return error ? { error, call: id } : { frame: frame as unknown as CallFrame }
}

/** What a client calls its subscriptions and calls: short text, since it comes back in every message. */
function nameProblem(id: unknown): string | undefined {
  if (typeof id !== 'string' || id.length < 1 || id.length > 128 || !isWellFormed(id)) {
    return 'must be text of 1 to 128 characters'
  }
  return undefined
}
