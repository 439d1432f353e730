import { engineContract } from '@ironflow/server/testing'
import { expect, it } from 'vitest'
import { createMemoryEngine } from '../../../src/engine/memory/engine'

engineContract('memory', async (options) => {
  const engine = createMemoryEngine(options)
  return { engine, cleanup: () => engine.close() }
})

it('one page looks at a bounded number of keys, and the next goes on from there', async () => {
  const engine = createMemoryEngine({ bucketDefaults: { history: 1, maxValueSize: 10 } })
  for (let n = 0; n < 25_000; n++) await engine.put('b', `common.${n}`, { encoding: 'text', text: '' })
  await engine.put('b', 'zebra.rare', { encoding: 'text', text: '' })
  const query = { filters: ['*.rare'], limit: 10, values: false }
  const first = await engine.entries('b', query)
  expect(first.entries).toEqual([])
  const second = await engine.entries('b', { ...query, after: first.next })
  const third = await engine.entries('b', { ...query, after: second.next })
  expect(third.entries.map(({ key }) => key)).toEqual(['zebra.rare'])
  expect(third.next).toBeUndefined()
  await engine.close()
})
