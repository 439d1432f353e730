import { asyncDispose } from '../async/dispose'
import { expectOptions } from '../pipeline/option-names'
import { encodeJson } from '../protocol/value'
import type { Change } from './kinds'
import type { LiveKind } from './live-kinds'
import { LiveSource } from './live-source'
import { deepFreeze } from './live-state'
import type { LiveOptions, LiveReadiness, LiveValue, ReadyOptions } from './live-value'
import type { Condition } from './status'
import type { SubscriptionSet, Target } from './subscription-set'

/** Milliseconds that `ready` waits at most by default. */
const READY_MS = 10_000

/** All live values of a client: those of one target share a source, and those with the same fallback are one object. */
export class LiveValues {
  /** By target. Weakly, since a source that is neither in use nor held by a user is not needed any more. */
  private readonly sources = new Map<string, WeakRef<object>>()
  private readonly collected = new FinalizationRegistry<string>((key) => {
    if (!this.sources.get(key)?.deref()) this.sources.delete(key)
  })

  constructor(private readonly subscriptions: SubscriptionSet) {}

  /** Returns the live value of a target. @throws ValidationError for a fallback that JSON cannot carry */
  of<E extends Change, V, S, F>(
    kind: LiveKind<E, V, S, F>,
    wanted: Target,
    options: LiveOptions<F>,
  ): LiveValue<S | undefined> {
    expectOptions(options, 'fallback')
    const { fallback } = options
    const content = fallback === undefined ? '' : encodeJson(fallback, 'fallback').text
    const source = this.source(kind, wanted)
    const known = source.values.get(content)
    if (known) return known
    const substitute = content === '' ? undefined : deepFreeze(kind.fallback(wanted.target, JSON.parse(content)))
    const value = new SharedValue<S>(source, substitute)
    source.values.set(content, value)
    return value
  }

  private source<E extends Change, V, S>(kind: LiveKind<E, V, S, never>, wanted: Target): LiveSource<E, V, S> {
    const key = JSON.stringify([kind.watch.kind, wanted])
    const known = this.sources.get(key)?.deref() as LiveSource<E, V, S> | undefined
    if (known) return known
    const source = new LiveSource(this.subscriptions, kind, wanted)
    this.sources.set(key, new WeakRef(source))
    this.collected.register(source, key)
    return source
  }
}

/** A source, with what stands in for its snapshot where there is none. */
class SharedValue<S> implements LiveValue<S | undefined> {
  constructor(
    private readonly source: Omit<LiveSource<Change, unknown, S>, 'values'>,
    private readonly fallback: S | undefined,
  ) {}

  readonly getSnapshot = (): S | undefined => this.source.read() ?? this.fallback

  readonly subscribe = (listener?: () => unknown): (() => void) => this.source.subscribe(listener)

  readonly ready = async (options: ReadyOptions = {}): Promise<LiveReadiness> => {
    expectOptions(options, 'timeoutMs')
    const error = await this.source.ready(options.timeoutMs ?? READY_MS)
    if (!error) return { state: 'live' }
    const isKnown = this.source.read() !== undefined
    return { state: isKnown ? 'stale' : this.fallback === undefined ? 'none' : 'fallback', error }
  }

  get status(): Condition {
    return this.source.status
  }

  get lastSyncedAt(): number | undefined {
    return this.source.lastSyncedAt
  }

  get age(): number {
    return this.source.age
  }

  stop(): void {
    this.source.stop()
  }

  async [asyncDispose](): Promise<void> {
    this.stop()
  }
}
