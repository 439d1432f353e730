import { invalid, type ValidationError } from '../errors/kinds'
import { isRecord } from '../is-record'
import { parseCursor } from './cursor'
import { eventPatternRule } from './events'
import type { CallFrame, ClientFrame, ServerFrame, Subscription, SubscriptionKind } from './frames'
import { parseJson, stringify } from './json'
import { METHODS } from './methods'
import { bucketRule, configNameRule, filterRule, type Rule } from './names'
import { isWellFormed } from './value'

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

/** Reads what a client sent. Never throws. A call's parameters are left to whoever knows the method. */
export function parseClientFrame(text: string): ReceivedFrame {
  const frame = parseJson(text)
  if (!isRecord(frame)) return { error: invalid({ message: 'must be a JSON object' }) }
  const { type, ...rest } = frame
  const idProblem = nameProblem(frame.id)
  if (idProblem) return { error: invalid({ id: idProblem }) }
  const id = frame.id as string
  const fields: Record<string, string> = {}
  if (type === 'subscribe') {
    const subscription = checkSubscription(rest, '', fields)
    return subscription ? { frame: { type, ...subscription } } : { error: invalid(fields), sub: id }
  }
  if (type === 'unsubscribe') return { frame: { type, id } }
  if (type === 'call') return checkCall(frame, id)
  return { error: invalid({ type: 'must be subscribe, unsubscribe or call' }) }
}

/**
 * The subscriptions of a `POST /api/v1/watch`.
 *
 * @throws ValidationError naming every place that is wrong: `subscriptions.2.target`
 */
export function parseWatchRequest(body: unknown): Subscription[] {
  const given = isRecord(body) ? body.subscriptions : undefined
  if (!Array.isArray(given) || given.length === 0) throw invalid({ subscriptions: 'must be a list, and not empty' })
  const fields: Record<string, string> = {}
  for (const name of Object.keys(body as object)) if (name !== 'subscriptions') fields[name] = 'is not known here'
  const subscriptions: Subscription[] = []
  const ids = new Set<string>()
  for (const [index, each] of given.entries()) {
    const subscription = checkSubscription(each, `subscriptions.${index}.`, fields)
    if (!subscription) continue
    if (ids.has(subscription.id)) fields[`subscriptions.${index}.id`] = 'is another subscription’s, too'
    ids.add(subscription.id)
    subscriptions.push(subscription)
  }
  if (Object.keys(fields).length > 0) throw invalid(fields)
  return subscriptions
}

const TARGET_RULES: Record<SubscriptionKind, Rule> = {
  config: configNameRule,
  kv: bucketRule,
  events: eventPatternRule,
}
const CALL_TEXTS = ['requestId', 'idempotencyKey', 'traceparent', 'minPosition', 'consistency']
const CALL_MEMBERS = ['type', 'id', 'method', 'params', ...CALL_TEXTS]
const MEMBERS = ['id', 'kind', 'target', 'filters', 'cursor', 'updatesOnly']

/** The subscription in `value`; or `undefined`, with what is wrong noted in `fields` under places that start so. */
export function checkSubscription(
  value: unknown,
  place: string,
  fields: Record<string, string>,
): Subscription | undefined {
  const before = Object.keys(fields).length
  const fail = (member: string, problem: string | undefined) => {
    if (problem) fields[`${place}${member}`] ??= problem
  }
  if (!isRecord(value)) {
    fields[place.replace(/\.$/, '')] = 'must be a JSON object'
    return undefined
  }
  const { id, kind, target, filters, cursor, updatesOnly } = value
  fail('id', nameProblem(id))
  const rule =
    typeof kind === 'string' && Object.hasOwn(TARGET_RULES, kind) ? TARGET_RULES[kind as SubscriptionKind] : undefined
  if (!rule) fail('kind', 'must be config, kv or events')
  else fail('target', typeof target === 'string' ? rule(target) : 'must be a string')
  if (filters !== undefined) fail('filters', filtersProblem(kind, filters))
  if (cursor !== undefined && (typeof cursor !== 'string' || !parseCursor(cursor))) {
    fail('cursor', 'is not one that this server gave')
  }
  if (updatesOnly !== undefined && typeof updatesOnly !== 'boolean') fail('updatesOnly', 'must be true or false')
  for (const name of Object.keys(value)) {
    if (!MEMBERS.includes(name)) fail(name, 'is not a member of a subscription')
  }
  if (Object.keys(fields).length > before) return undefined
  return { id, kind, target, filters, cursor, updatesOnly } as Subscription
}

function filtersProblem(kind: unknown, filters: unknown): string | undefined {
  if (kind !== 'kv') return 'have a meaning for kv only'
  if (!Array.isArray(filters) || filters.length === 0) return 'must be a list, and not empty; absent: all keys'
  for (const filter of filters) {
    const problem = typeof filter === 'string' ? filterRule(filter) : 'must be strings'
    if (problem) return problem
  }
  return undefined
}

function checkCall(frame: Record<string, unknown>, id: string): ReceivedFrame {
  const { method, params } = frame
  const fields: Record<string, string> = {}
  if (typeof method !== 'string' || !Object.hasOwn(METHODS, method)) fields.method = 'is none of this server’s'
  if (!isRecord(params)) fields.params = 'must be a JSON object'
  for (const name of CALL_TEXTS) {
    if (frame[name] !== undefined && typeof frame[name] !== 'string') fields[name] = 'must be a string'
  }
  // What nobody reads is not what its sender believes it to be: `environment`, say.
  for (const name of Object.keys(frame)) if (!CALL_MEMBERS.includes(name)) fields[name] = 'is not a member of a call'
  if (Object.keys(fields).length > 0) return { error: invalid(fields), call: id }
  return { frame: frame as unknown as CallFrame }
}

/** What a client calls its subscriptions and calls: short text, since it comes back in every message. */
function nameProblem(id: unknown): string | undefined {
  if (typeof id !== 'string' || id.length < 1 || id.length > 128 || !isWellFormed(id)) {
    return 'must be text of 1 to 128 characters'
  }
  return undefined
}
