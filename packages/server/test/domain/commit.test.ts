import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bucketDefaults, createMemoryEngine, type Engine, type Limits } from '../../src'
import { KeyedQueue } from '../../src/domain/commit'
import { DEFAULTS } from '../../src/options'
import { type Got, Harness } from '../support/harness'

const queueOf = (limits: Partial<Limits> = {}) => new KeyedQueue({ ...DEFAULTS.limits, ...limits })

/** Work that ends when it is told to. */
function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, work: () => opened }
}

test('work on one thing is done in turn, whether what came before it failed or not', async () => {
  const queue = queueOf()
  const order: number[] = []
  const runs = [1, 2, 3].map((each) =>
    queue.run('a', async () => {
      await Promise.resolve()
      order.push(each)
      if (each === 1) throw new Error('first')
    }),
  )
  await Promise.allSettled(runs)
  expect(order).toEqual([1, 2, 3])
})

test('work beyond the limit is refused at once, and what follows keeps its turn', async () => {
  const queue = queueOf({ waitingWrites: 1 })
  const { open, work } = gate()
  const order: string[] = []
  const first = queue.run('a', work).then(() => order.push('first'))
  const second = queue.run('a', async () => order.push('second'))
  const refused = { code: 'unavailable', details: { limit: 'waitingWrites', max: 1 } }
  await expect(queue.run('a', async () => order.push('third'))).rejects.toMatchObject(refused)
  // What waits is counted for all things together; what need not wait is not.
  await queue.run('b', async () => order.push('other'))
  open()
  await Promise.all([first, second])
  await queue.run('a', async () => order.push('fourth'))
  expect(order).toEqual(['other', 'first', 'second', 'fourth'])
})

describe('on an engine whose writes hang', { timeout: 20_000 }, () => {
  let engine: Engine
  let hanging: ReturnType<typeof gate>
  let harness: Harness

  const harnessOf = (limits: Partial<Limits>) => {
    harness = new Harness({ engine, limits })
    return harness
  }
  /** Holds back writes to the engine from now on. */
  const hang = (member: 'put' | 'createBucket') => {
    const original = engine[member].bind(engine) as (...args: unknown[]) => Promise<unknown>
    Object.assign(engine, { [member]: (...args: unknown[]) => hanging.work().then(() => original(...args)) })
  }
  const patch = (fields: object) => harness.request('PATCH', '/api/v1/config/doc', { body: fields })

  beforeEach(() => {
    engine = createMemoryEngine({ bucketDefaults: bucketDefaults() })
    hanging = gate()
  })
  afterEach(() => harness.server.close())

  /** Sends requests of which some are refused, lets the engine go on, and returns what became of them. */
  async function flood(requests: Array<() => Promise<Got>>, refused: number): Promise<number[]> {
    let answered = 0
    const answers = requests.map(async (request) => {
      const answer = await request()
      answered++
      return answer
    })
    await expect.poll(() => answered, { timeout: 10_000 }).toBe(refused)
    hanging.open()
    return (await Promise.all(answers)).map(({ status }) => status)
  }

  test('patches that wait for others are bounded in number', async () => {
    harnessOf({ waitingWrites: 3 })
    await patch({ a: 0 })
    hang('put')
    const statuses = await flood(
      Array.from({ length: 10 }, (_, index) => () => patch({ [index]: 1 })),
      6,
    )
    expect(statuses.sort()).toEqual([200, 200, 200, 200, 503, 503, 503, 503, 503, 503])
    const { json } = await harness.request('GET', '/api/v1/config/doc')
    expect(Object.keys(json.data)).toHaveLength(5)
  })

  test('patches that wait for others are bounded in bytes', async () => {
    harnessOf({ waitingWriteBytes: 1_000 })
    await patch({ a: 0 })
    hang('put')
    const large = { text: 'x'.repeat(400) }
    expect(
      await flood(
        [large, large, large, large, { n: 1 }].map((each) => () => patch(each)),
        1,
      ),
    ).toEqual([200, 200, 200, 503, 200])
  })

  test('writes that wait for their bucket to be made are bounded in number and bytes', async () => {
    harnessOf({ waitingWrites: 3, waitingWriteBytes: 1_000 })
    await harness.server.ready
    hang('createBucket')
    const put = (index: number, size: number) => harness.put(`new/keys/k${index}`, { text: 'x'.repeat(size) })
    expect(
      await flood(
        [100, 600, 600, 1, 1, 1].map((size, index) => () => put(index, size)),
        2,
      ),
    ).toEqual([200, 200, 503, 200, 200, 503])
  })
})
