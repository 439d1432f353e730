import { describe } from 'vitest'
import { bucketTests } from './engine-contract/buckets'
import { changeTests } from './engine-contract/changes'
import { conditionTests } from './engine-contract/conditions'
import { expiryTests } from './engine-contract/expiry'
import { followTests } from './engine-contract/follow'
import { historyTests } from './engine-contract/history'
import { lifetimeTests } from './engine-contract/lifetime'
import { limitTests } from './engine-contract/limits'
import { listingTests } from './engine-contract/listing'
import { lifeTests } from './engine-contract/lives'
import { onceTests } from './engine-contract/once'
import { secondEngineTests } from './engine-contract/second-engine'
import { sequenceTests } from './engine-contract/sequences'
import type { OpenStore } from './engine-contract/store'
import { tombstoneTests } from './engine-contract/tombstones'
import { valueTests } from './engine-contract/value-round-trips'
import { writeTests } from './engine-contract/writes'

/**
 * Declares the tests that every engine passes unchanged: one for each promise of `engine/engine.ts`. Needs Vitest and
 * fast-check, so call it from a Vitest test file.
 *
 * @example
 * ```ts
 * engineContract('memory', async (options) => {
 *   const engine = createMemoryEngine(options)
 *   return { engine, cleanup: () => engine.close() }
 * })
 * ```
 */
export function engineContract(name: string, open: OpenStore): void {
  describe(`the ${name} engine`, () => {
    bucketTests(open)
    writeTests(open)
    conditionTests(open)
    valueTests(open)
    historyTests(open)
    listingTests(open)
    limitTests(open)
    expiryTests(open)
    tombstoneTests(open)
    changeTests(open)
    followTests(open)
    lifeTests(open)
    onceTests(open)
    secondEngineTests(open)
    lifetimeTests(open)
    sequenceTests(open)
  })
}
