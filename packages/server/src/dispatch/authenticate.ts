import { errorFor, UnauthenticatedError } from '@ironflow/core/errors'
import type { ApiKeys } from '../domain/api-keys'
import { API_KEYS_BUCKET } from '../domain/keyspace'
import { ANYBODY, type Principal, principalOf } from '../domain/principal'
import type { Engine, Following } from '../engine/engine'
import { OldestFirstMap } from '../oldest-first-map'
import { KeyHashes, NO_KEY } from './key-hashes'

/** What authentication stands on. */
export interface AuthenticatorParts {
  readonly engine: Engine
  readonly apiKeys: ApiKeys
  /** No key is asked for: everybody may do everything. */
  readonly isOpen: boolean
  /** How many verified keys are kept. */
  readonly cachedKeys: number
  readonly now: () => number
  /** Resolves when the first key was made: until then an unknown key is not yet wrong. */
  readonly bootstrapped: Promise<void>
}

/**
 * Who calls. The hash of a verified key is kept in memory, so that the usual call costs a look into a map; any change of the key
 * store forgets them all, and a key's end is looked at each time.
 */
export class Authenticator {
  private readonly verified = new OldestFirstMap<Principal>()
  private readonly hashes = new KeyHashes()
  /** Counts changes of the key store: what was read before a change must not be kept after it. */
  private changes = 0
  private readonly following: Following

  constructor(private readonly parts: AuthenticatorParts) {
    this.following = parts.engine.follow(API_KEYS_BUCKET, () => this.forget())
  }

  /** Returns the hash that stands for a key from its arrival on. */
  keyHash(apiKey: string | undefined): string | undefined {
    return apiKey === undefined ? undefined : this.hashes.of(apiKey)
  }

  /** Returns the principal of the key with this hash, if no look into the store is needed. */
  known(keyHash: string | undefined): Principal | undefined {
    if (this.parts.isOpen) return ANYBODY
    const principal = keyHash === undefined ? undefined : this.verified.get(keyHash)
    return principal && !this.isOver(principal) ? principal : undefined
  }

  /**
   * Returns the principal of the key with this hash.
   *
   * @param keyHash as {@link keyHash} returns it
   * @throws UnauthenticatedError for no key, an unknown one, one that has ended; `unavailable` where the store of keys
   * cannot be asked: a key that cannot be checked is not a wrong one
   */
  async verify(keyHash: string | undefined): Promise<Principal> {
    const known = this.known(keyHash)
    if (known) return known
    if (keyHash === undefined) {
      throw new UnauthenticatedError(
        'an API key is needed: the header "Authorization: Bearer ifkey_…", or the option apiKey (IRONFLOW_API_KEY) of the SDK',
        'unauthenticated',
      )
    }
    if (keyHash === NO_KEY)
      throw new UnauthenticatedError('that is no API key: one is ifkey_ and 48 hex digits', 'unauthenticated')
    const { changes } = this
    const principal = await this.find(keyHash)
    if (!principal)
      throw new UnauthenticatedError(
        'the API key is not known to this server, or was revoked; use another',
        'unauthenticated',
      )
    if (this.isOver(principal))
      throw new UnauthenticatedError('the API key has expired; use another', 'unauthenticated')
    if (changes === this.changes) this.keep(keyHash, principal)
    return principal
  }

  /** Forgets every verified key. */
  forget(): void {
    this.changes++
    this.verified.clear()
  }

  close(): void {
    this.following.stop()
    this.verified.clear()
    this.hashes.clear()
  }

  private async find(keyHash: string): Promise<Principal | undefined> {
    try {
      const record = await this.parts.apiKeys.find(keyHash)
      if (record) return principalOf(record)
      await this.parts.bootstrapped
      const late = await this.parts.apiKeys.find(keyHash)
      return late && principalOf(late)
    } catch (error) {
      throw errorFor('unavailable', 'API keys cannot be checked now: the key store is not available', { cause: error })
    }
  }

  private keep(keyHash: string, principal: Principal): void {
    this.verified.set(keyHash, principal)
    const oldest = this.verified.size > this.parts.cachedKeys ? this.verified.oldest() : undefined
    if (oldest) this.verified.delete(oldest[0])
  }

  private isOver(principal: Principal): boolean {
    // Written so that an end that cannot be read is over.
    return principal.expiresAt !== undefined && !(principal.expiresAt > this.parts.now())
  }
}
