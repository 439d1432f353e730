export type { Call, Reply } from './call'
export type { Contract, IfRevision, PageInfo, PageParams, Params, Result } from './contract'
export { type Cursor, formatCursor, parseCursor } from './cursor'
export {
  checkSubscription,
  encodeFrame,
  parseClientFrame,
  parseServerFrame,
  parseWatchRequest,
  type ReceivedFrame,
  type SubscriptionLimits,
} from './envelope'
export { type EnvironmentSource, namedEnvironment, oneEnvironment } from './environment'
export { formatEtag, parseEtag } from './etag'
export { type ConfigEvent, configTopic, eventPatternRule } from './events'
export {
  type CallFrame,
  type ChangeFrame,
  type ClientFrame,
  type ConfigDeleteFrame,
  type ConfigUpdateFrame,
  type EventFrame,
  type GoodbyeFrame,
  type HeartbeatFrame,
  type KvUpdateFrame,
  type PollReply,
  PROTOCOL_VERSION,
  type ReplyFrame,
  type ResetFrame,
  type ResetReason,
  type ServerFrame,
  SUBPROTOCOL,
  type SubscribeFrame,
  type Subscription,
  type SubscriptionKind,
  type SyncedFrame,
  type UnsubscribeFrame,
  type WatchFrame,
  type WatchFrames,
  type WatchRequest,
  type WelcomeFrame,
} from './frames'
export { HEADERS } from './headers'
export { fromBase64, RawJson, stringify, toBase64 } from './json'
export { checkJson, type JsonLimits, type JsonRules, parseJsonWithin } from './json-check'
export { isObjectText, mergeMembers, readMembers } from './json-members'
export {
  type EnvironmentPlace,
  isMutating,
  METHODS,
  type MethodName,
  type MethodRow,
  methodRow,
  type QueryType,
} from './methods'
export type {
  ApiKey,
  BucketInfo,
  BucketOptions,
  ConfigEntry,
  ConfigSummary,
  ConfigVersion,
  CreatedApiKey,
  NewApiKey,
  Written,
} from './model'
export {
  bucketRule,
  configNameRule,
  environmentRule,
  filterRule,
  keyRule,
  MAX_KEY_BYTES,
  matchesFilter,
  type Rule,
} from './names'
export { fillPath, matchPath, PathSyntaxError } from './path'
export { formatPosition, type KnownPosition, type Position, parsePosition } from './position'
export { queryTypes } from './query'
export {
  type DecodedRequest,
  decodeRequest,
  type EncodedRequest,
  encodeRequest,
  PRECONDITIONS,
  type ReceivedRequest,
  rowApplies,
} from './request'
export { ACCESSES, type Access, RESOURCES, type Resource, ROLES, type Role } from './rights'
export { encodeSse, SseDecoder, type SseEvent, type SseFields } from './sse'
export {
  decodeValue,
  type EncodedValue,
  type Encoding,
  encodeJson,
  encodeValue,
  isWellFormed,
  type Operation,
  type WireEntry,
} from './value'
export { isWatchKind, WATCH_KINDS, type WatchKindRow, type WatchMethod, watchKindRow } from './watch-kinds'
