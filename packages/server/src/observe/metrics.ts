import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client'
import { isSystemBucket, parseStoredName } from '../domain/keyspace'
import type { Principal } from '../domain/principal'
import { ALL_TARGETS, allows, reaches } from '../domain/rights'
import type { BucketRecord } from '../engine/bucket-config'
import type { Histogram } from './histogram'
import type { MetricsExporter, MetricsParts, Scrape } from './metrics-exporter'
import type { RequestStats } from './request-stats'

/** Makes the exporter for Prometheus, which also shows the process (`process_…`, `nodejs_…`). */
export function prometheusMetrics(parts: MetricsParts): MetricsExporter {
  return new PrometheusMetrics(parts)
}

/**
 * Prometheus' view of one server. What happens per request is counted in plain arrays ({@link RequestStats}) and turned
 * into metrics when somebody asks.
 */
class PrometheusMetrics implements MetricsExporter {
  private readonly registry = new Registry()
  private hasProcessMetrics = false

  constructor(private readonly parts: MetricsParts) {
    const { requests, commits, watches } = parts
    this.add('histogram', 'ironflow_request_duration_seconds', 'Requests by method and code', () =>
      Array.from(requests.entries(), ({ method, code, histogram }) => ({ labels: { method, code }, histogram })),
    )
    this.add('histogram', 'ironflow_commit_duration_seconds', 'Commits of the store', () => [
      { labels: {}, histogram: commits.seconds },
    ])
    this.add('histogram', 'ironflow_commit_writes', 'Writes that one commit made true', () => [
      { labels: {}, histogram: commits.writes },
    ])
    this.addConflicts(requests)
    this.add('histogram', 'ironflow_watch_lag_seconds', 'From a commit to its way out to a watcher', () => [
      { labels: {}, histogram: watches.lag },
    ])
    this.addCounts('gauge', 'ironflow_watchers', 'Subscriptions that are open', 'transport', () => watches.watchers)
    this.addCounts('counter', 'ironflow_watch_resets_total', 'Cursors of no use', 'reason', () => watches.resets)
    this.addCounts(
      'counter',
      'ironflow_watch_resumes_total',
      'Subscriptions that came with a cursor',
      undefined,
      () => [['', watches.resumes]],
    )
    this.addCounts('counter', 'ironflow_watch_dropped_total', 'Intermediate values not sent', undefined, () => [
      ['', watches.dropped],
    ])
  }

  /** All metrics; of buckets those that `principal` may read. */
  async scrape(principal: Principal): Promise<Scrape> {
    if (!this.hasProcessMetrics) {
      // Only for those who ask: it starts observers that nothing can stop.
      this.hasProcessMetrics = true
      collectDefaultMetrics({ register: this.registry })
    }
    const buckets = await this.buckets(principal)
    const text = `${await this.registry.metrics()}\n${await buckets.metrics()}`
    return { contentType: this.registry.contentType, text }
  }

  private async buckets(principal: Principal): Promise<Registry> {
    const registry = new Registry()
    const options = { labelNames: ['environment', 'bucket'] as const, registers: [registry] }
    const values = new Gauge({ name: 'ironflow_bucket_values', help: 'Keys that have a value', ...options })
    const bytes = new Gauge({ name: 'ironflow_bucket_bytes', help: 'Bytes of those values', ...options })
    for (const record of await this.visibleBuckets(principal)) {
      const labels = parseStoredName(record.name)
      if (!labels) continue
      values.set(labels, record.values)
      bytes.set(labels, record.bytes)
    }
    return registry
  }

  private async visibleBuckets(principal: Principal): Promise<BucketRecord[]> {
    const { engine, maxBuckets } = this.parts
    const visible: BucketRecord[] = []
    let after: string | undefined
    do {
      const page = await engine.listBuckets('APP_', { after, limit: 1000 })
      for (const record of page.buckets) if (isVisible(principal, record.name)) visible.push(record)
      after = page.next
    } while (after !== undefined && visible.length < maxBuckets)
    return visible.slice(0, maxBuckets)
  }

  private addConflicts(requests: RequestStats): void {
    const get = async () => {
      let value = 0
      for (const { code, histogram } of requests.entries()) if (code === 'revision_conflict') value += histogram.count
      const name = 'ironflow_conflicts_total'
      return { name, help: 'Writes refused for their revision', type: 'counter', values: [{ value, labels: {} }] }
    }
    this.register('ironflow_conflicts_total', get)
  }

  private addCounts(
    type: string,
    name: string,
    help: string,
    label: string | undefined,
    counts: () => Iterable<readonly [string, number]>,
  ): void {
    this.register(name, async () => ({
      name,
      help,
      type,
      values: Array.from(counts(), ([key, value]) => ({ value, labels: label === undefined ? {} : { [label]: key } })),
    }))
  }

  private add(
    type: string,
    name: string,
    help: string,
    series: () => { labels: Record<string, string>; histogram: Histogram }[],
  ): void {
    this.register(name, async () => ({
      name,
      help,
      type,
      values: series().flatMap(({ labels, histogram }) => samples(name, labels, histogram)),
    }))
  }

  /** The registry asks its metrics no more than this; the type it declares is that of its own classes. */
  private register(name: string, get: () => Promise<unknown>): void {
    this.registry.registerMetric({ name, get, reset: () => {} } as unknown as Metric)
  }
}

function samples(name: string, labels: Record<string, string>, histogram: Histogram) {
  let cumulative = 0
  const values = histogram.counts.map((count, index) => {
    cumulative += count
    const le = index < histogram.bounds.length ? String(histogram.bounds[index]) : '+Inf'
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: cumulative }
  })
  return [
    ...values,
    { metricName: `${name}_sum`, labels, value: histogram.sum },
    { metricName: `${name}_count`, labels, value: histogram.count },
  ]
}

function isVisible(principal: Principal, stored: string): boolean {
  const name = parseStoredName(stored)
  if (!name) return false
  if (!reaches(principal, name.environment)) return false
  // Config documents are shown together: to callers that may read all of them.
  if (isSystemBucket(name.bucket)) return allows(principal, 'read', 'config', ALL_TARGETS)
  return allows(principal, 'read', 'kv', name.bucket)
}
