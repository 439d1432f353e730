/** Ironflow's header names, lower case as `Headers` and Node's HTTP server show them. */
export const HEADERS = {
  authorization: 'authorization',
  contentType: 'content-type',
  environment: 'x-ironflow-environment',
  idempotencyKey: 'idempotency-key',
  ifMatch: 'if-match',
  ifNoneMatch: 'if-none-match',
  consistency: 'x-ironflow-consistency',
  epoch: 'x-ironflow-epoch',
  minPosition: 'x-ironflow-min-revision',
  revision: 'x-ironflow-revision',
  requestId: 'x-request-id',
  client: 'x-ironflow-client',
  traceparent: 'traceparent',
  retryAfter: 'retry-after',
  etag: 'etag',
} as const
