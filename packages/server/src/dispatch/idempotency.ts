import { errorFor, invalid } from '@ironflow/core/errors'
import { stringify } from '@ironflow/core/protocol'
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import type { Answer } from '../domain/answer'
import type { Limits } from '../limits'
import { OldestFirstMap } from '../oldest-first-map'
import { sha256 } from '../sha256'

/** The calls that one key names: the same key of somebody else, or for something else, is another one. */
export interface IdempotencyScope {
  readonly environment: string
  readonly principal: string
  readonly method: string
  readonly key: string
}

interface Remembered {
  readonly fingerprint: string
  readonly expiresAt: number
  /** Absent while the first call is under way. */
  answer?: Answer
  pending?: Promise<unknown>
}

/**
 * Answers a repeated call with what the first one answered. A repetition that comes while the first is under way waits
 * for it; a call that failed is forgotten, so its repetition tries again. It remembers for this process: a repetition
 * that reaches another one, or this one after a restart, is recognised by the engine.
 *
 * Entries all live equally long, so the oldest is the first to end: what is past its time goes whenever something is
 * added, and no entry needs a timer.
 */
export class Idempotency {
  private readonly entries = new OldestFirstMap<Remembered>()

  /** @param now a clock in milliseconds that nothing sets; tests bring their own */
  constructor(
    private readonly limits: Pick<Limits, 'idempotencyEntries' | 'idempotencyWindowMs'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Runs `work`, or answers what it answered before.
   *
   * @param work is given what the engine recognises a repetition by: the same in every process for the same scope and
   * parameters, so that another call with the same key is never taken for a repetition
   * @throws ConflictError code `idempotency_conflict` where the key came with other parameters before
   */
  async once<A extends Answer>(
    scope: IdempotencyScope,
    params: object,
    work: (once: string) => Promise<A>,
  ): Promise<A> {
    const { environment, principal, method, key } = scope
    if (!/^[\x20-\x7e]{1,255}$/.test(key)) throw invalid({ 'idempotency-key': 'must be 1 to 255 printable ASCII' })
    const name = `${environment} ${principal} ${method} ${key}`
    const fingerprint = await fingerprintOf(params)
    for (;;) {
      const known = this.entries.get(name)
      if (!known || known.expiresAt <= this.now()) return this.first(name, fingerprint, work)
      if (known.fingerprint !== fingerprint) {
        throw errorFor(
          'idempotency_conflict',
          'this Idempotency-Key came with another call before; give each call a key of its own',
        )
      }
      if (known.answer) return known.answer as A
      // Whatever becomes of it: either there is an answer then, or no entry, and this call is the first.
      await known.pending?.catch(() => undefined)
    }
  }

  private async first<A extends Answer>(
    name: string,
    fingerprint: string,
    work: (once: string) => Promise<A>,
  ): Promise<A> {
    const entry: Remembered = { fingerprint, expiresAt: this.now() + this.limits.idempotencyWindowMs }
    this.entries.set(name, entry)
    this.forget()
    try {
      const pending = work(sha256(`${name}\n${fingerprint}`).slice(0, DIGITS))
      entry.pending = pending
      const answer = await pending
      entry.answer = answer
      entry.pending = undefined
      return answer
    } catch (error) {
      if (this.entries.get(name) === entry) this.entries.delete(name)
      throw error
    }
  }

  private forget(): void {
    const now = this.now()
    for (let oldest = this.entries.oldest(); oldest; oldest = this.entries.oldest()) {
      if (oldest[1].expiresAt > now && this.entries.size <= this.limits.idempotencyEntries) return
      this.entries.delete(oldest[0])
    }
  }
}

/** Hex digits of half a SHA-256: enough to tell apart all calls of two minutes, also those made to collide. */
const DIGITS = 32

/** Parameters up to this many characters are their own fingerprint: that is cheaper than a hash of them. */
const SHORT = 128
/** Parameters from this many bytes on are hashed by the platform, on a thread of its own where it has one. */
const LONG = 65_536

/** Tells parameters apart. Of long ones half a SHA-256: nobody finds two that share it, and thousands are kept. */
async function fingerprintOf(params: object): Promise<string> {
  // Bytes are hashed as they are: as base64 text, a megabyte would take three times as long.
  const { value, ...rest } = params as { value?: unknown }
  const hasBytes = value instanceof Uint8Array
  const text = stringify(hasBytes ? rest : params)
  if (!hasBytes && text.length <= SHORT) return text
  const bytes = hasBytes ? concatBytes(utf8ToBytes(text), value) : utf8ToBytes(text)
  const { subtle } = globalThis.crypto
  const isLong = bytes.length >= LONG && subtle !== undefined
  const hash = isLong ? bytesToHex(new Uint8Array(await subtle.digest('SHA-256', bytes))) : sha256(bytes)
  return hash.slice(0, DIGITS)
}
