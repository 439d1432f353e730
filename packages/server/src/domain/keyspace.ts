import type { Engine } from '../engine/engine'

/**
 * How environments and buckets share one store: a stored name is `APP_<environment>_<bucket>`. An environment has no
 * underscore, so the first one after `APP_` ends it and no two pairs have the same name.
 */

const PREFIX = 'APP_'
const SYSTEM = 'SYS_'

/** Holds the API keys, for all environments. */
export const API_KEYS_BUCKET = 'SYS_apikeys'

/** After every name that goes on with `APP_<environment>_`, in the order of bytes. */
const LAST = '\u{10ffff}'

/** The start of the stored names of an environment's buckets. */
export function storedPrefix(environment: string): string {
  return `${PREFIX}${environment}_`
}

export function storedName(environment: string, bucket: string): string {
  return storedPrefix(environment) + bucket
}

/** Holds an environment's config documents. */
export function configBucket(environment: string): string {
  return storedName(environment, `${SYSTEM}config`)
}

/** The bucket behind a stored name that starts with `storedPrefix(environment)`. */
export function bucketOf(environment: string, stored: string): string {
  return stored.slice(storedPrefix(environment).length)
}

/** Whether a bucket is Ironflow's own and in no list. */
export function isSystemBucket(bucket: string): boolean {
  return bucket.startsWith(SYSTEM)
}

/** The environment and bucket of a stored name; `undefined` where it is none of ours. */
export function parseStoredName(stored: string): { environment: string; bucket: string } | undefined {
  const found = /^APP_([a-z0-9][a-z0-9-]{0,62})_(.+)$/.exec(stored)
  return found ? { environment: found[1] as string, bucket: found[2] as string } : undefined
}

/** The environments that have a bucket, by name. One look per environment, however many buckets each has. */
export async function listEnvironments(engine: Engine): Promise<string[]> {
  const environments: string[] = []
  let after: string | undefined
  for (;;) {
    const { buckets } = await engine.listBuckets(PREFIX, { after, limit: 1 })
    const stored = buckets[0]?.name
    if (stored === undefined) return environments.sort()
    const environment = parseStoredName(stored)?.environment
    if (environment !== undefined) environments.push(environment)
    after = environment === undefined ? stored : storedPrefix(environment) + LAST
  }
}
