import { API_KEY_SYNTAX, hashOf } from '../domain/key-records'

/** Takes the place of a hash where what came as a key is none by its looks. */
export const NO_KEY = 'none'

/** Milliseconds after which a key is forgotten at the latest. */
const FORGET_MS = 1_000
const MAX_KEYS = 1_000

/**
 * Hashes of API keys as they come. From here on a key is known by its hash and not kept itself, except in here, for a
 * moment: a hash takes longer than most of what follows, and who sends a key usually sends it again at once.
 */
export class KeyHashes {
  private readonly recent = new Map<string, string>()
  private timer: ReturnType<typeof setTimeout> | undefined

  /** Returns the SHA-256 of a key, hex, or {@link NO_KEY}. */
  of(apiKey: string): string {
    const known = this.recent.get(apiKey)
    if (known !== undefined) return known
    if (!API_KEY_SYNTAX.test(apiKey)) return NO_KEY
    const hash = hashOf(apiKey)
    if (this.recent.size < MAX_KEYS) this.recent.set(apiKey, hash)
    this.timer ??= this.forgetLater()
    return hash
  }

  /** Forgets the keys. */
  clear(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.recent.clear()
  }

  private forgetLater(): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => this.clear(), FORGET_MS)
    // In Node, where a timer is an object, it must not keep the process alive.
    if (typeof timer === 'object') timer.unref()
    return timer
  }
}
