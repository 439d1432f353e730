import { errorFor, invalid } from '@ironflow/core/errors'
import { HEADERS, parseJsonWithin, parseWatchRequest } from '@ironflow/core/protocol'
import type { Progress } from '../dispatch/call'
import type { Limits } from '../limits'
import type { ServerCore } from '../server-core'
import { bearerKey, expectPlainBody } from './headers'
import type { HttpRequest, HttpResponse } from './message'
import { waitMsOf, watchByPoll } from './poll'
import type { PollRoom } from './poll-room'
import { watchOverSse } from './sse'
import { admitWatchCaller } from './watch-caller'
import { resumed, SOCKET_PATH, subjectOf, subscriptionOf, type WatchRouteMatch, watchQuery } from './watch-routes'

/**
 * Answers a request to a route that watches: with a stream of events, or, where a client asks for JSON, when something
 * happened.
 *
 * @throws IronflowError
 */
export async function answerWatch(
  core: ServerCore,
  pollRoom: PollRoom,
  request: HttpRequest,
  match: WatchRouteMatch,
  queryText: string,
  progress: Progress,
): Promise<HttpResponse> {
  if (match.route.path === SOCKET_PATH) {
    throw errorFor('invalid_request', 'this route is a WebSocket: ask for an upgrade', { status: 426 })
  }
  const { watching } = core
  const { limits } = core.options
  const query = watchQuery(match.route, queryText)
  const subject = subjectOf(match, query)
  const apiKey = bearerKey(request.header(HEADERS.authorization))
  const caller = await admitWatchCaller(core, request, query, apiKey, subject, progress)
  const lastEventId = request.header('last-event-id')
  const one = subscriptionOf(match, query, lastEventId)
  if (one) return watchOverSse(watching, caller, [one], true)

  const waitMs = waitMsOf(query)
  const body = await readJson(request, limits)
  const subscriptions = resumed(parseWatchRequest(body, limits), query, lastEventId)
  if (wantsEvents(request.header('accept'))) return watchOverSse(watching, caller, subscriptions, false)
  return watchByPoll({ watching, pollRoom }, caller, subscriptions, waitMs, request)
}

async function readJson(request: HttpRequest, limits: Limits): Promise<unknown> {
  expectPlainBody(request)
  const contentType = request.header(HEADERS.contentType)?.split(';', 1)[0]?.trim().toLowerCase()
  if (contentType !== 'application/json') {
    throw errorFor('unsupported_media_type', 'the body must be JSON: send "content-type: application/json"', {
      fields: { 'content-type': 'must be application/json' },
    })
  }
  const bytes = await request.body(limits.bodyBytes)
  try {
    return parseJsonWithin(utf8.decode(bytes), limits, 'body')
  } catch (error) {
    throw error instanceof TypeError ? invalid({ body: 'must be valid UTF-8' }) : error
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function wantsEvents(accept: string | undefined): boolean {
  return accept?.toLowerCase().includes('text/event-stream') ?? false
}
