import { IronflowError } from '@ironflow/core'
import { expect, it } from 'vitest'
import { exitCodeOf } from '../src/exit-code-of'
import { UsageError } from '../src/usage-error'
import { withStore } from '../src/with-store'

const failureOf = (thrown: unknown) => withStore(async () => Promise.reject(thrown))().catch((error: unknown) => error)

it('fails with 1 for what a store reports, and says only that', async () => {
  const failure = await failureOf(new IronflowError('the data directory is in use', 'unavailable'))
  expect(failure).toMatchObject({ message: 'the data directory is in use' })
  expect(exitCodeOf(failure)).toBe(1)
})

it('leaves mistakes of the command line as they are', async () => {
  const mistake = new UsageError('--port must be 0 to 65535')
  expect(await failureOf(mistake)).toBe(mistake)
})
