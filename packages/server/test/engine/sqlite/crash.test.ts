import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { Engine } from '../../../src/engine/engine'
import type { Entry } from '../../../src/engine/entry'
import { bundle, openForTest, openIn, temporaryDirectory } from './store-directory'

/** A put that the child was told is true. */
interface Acknowledged {
  key: string
  revision: number
  start: string
  length: number
}

/** A process that writes until {@link kill}. */
class Writing {
  readonly acknowledged: Acknowledged[] = []
  readonly #child: ChildProcess
  readonly #lines
  #stderr = ''

  constructor(directory: string, round: number) {
    const args = [fileURLToPath(bundle('sqlite-child')), directory, '8', `${round}`]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })
    this.#child.stderr?.on('data', (part) => {
      this.#stderr += part
    })
    this.#lines.on('line', (line) => {
      if (line.startsWith('{') && line.endsWith('}')) this.acknowledged.push(JSON.parse(line) as Acknowledged)
    })
  }

  async until(count: number): Promise<void> {
    while (this.acknowledged.length < count) {
      if (this.#child.exitCode !== null) throw new Error(`the writing process ended: ${this.#stderr}`)
      await once(this.#lines, 'line')
    }
  }

  /** kill -9, and all that it had said until then. */
  async kill(): Promise<Acknowledged[]> {
    const closed = once(this.#lines, 'close')
    this.#child.kill('SIGKILL')
    await closed
    return this.acknowledged
  }
}

function matches(entry: Entry | undefined, { start, length }: Acknowledged): boolean {
  return entry?.value?.encoding === 'text' && entry.value.text.length === length && entry.value.text.startsWith(start)
}

/** What is wrong with a store after a crash. */
async function losses(engine: Engine, acknowledged: Acknowledged[]): Promise<string[]> {
  const problems: string[] = []
  const newest = new Map<string, Acknowledged>()
  for (const each of acknowledged) newest.set(each.key, each)
  for (const [key, last] of newest) {
    // Writes after the last acknowledged one may or may not have come true: three of a key are kept, one was under way.
    const entry = await engine.get('b', key, { revision: last.revision })
    if (!matches(entry, last)) problems.push(`${key} at ${last.revision} is lost`)
  }
  let bytes = 0
  const { entries } = await engine.entries('b', { limit: 1_000, values: true })
  for (const { value } of entries) bytes += value?.encoding === 'text' ? Buffer.byteLength(value.text) : 0
  const info = await engine.bucketInfo('b')
  if (info?.values !== entries.length || info.bytes !== bytes) problems.push('the bucket has lost count')
  return problems
}

it('after kill -9 in the midst of writes, all that was acknowledged is there, time after time', async () => {
  const directory = await temporaryDirectory()
  let newest = 0
  for (let round = 0; round < 6; round++) {
    const writing = new Writing(directory, round)
    await writing.until(150 + round * 97)
    const acknowledged = await writing.kill()
    expect(Math.min(...acknowledged.map(({ revision }) => revision))).toBeGreaterThan(newest)
    expect(new Set(acknowledged.map(({ revision }) => revision)).size).toBe(acknowledged.length)
    const engine = await openIn(directory)
    expect(await losses(engine, acknowledged)).toEqual([])
    newest = (await engine.entries('b', { limit: 1, values: false })).position.revision
    expect(newest).toBeGreaterThanOrEqual(Math.max(...acknowledged.map(({ revision }) => revision)))
    await engine.close()
  }
}, 30_000)

it('while a server runs no other opens its directory, and after kill -9 the next one does', async () => {
  const directory = await temporaryDirectory()
  const writing = new Writing(directory, 0)
  await writing.until(1)
  await expect(openIn(directory)).rejects.toThrow(
    `the data directory ${directory} is in use by another Ironflow server`,
  )
  await writing.until(writing.acknowledged.length + 10)
  await writing.kill()
  const engine = await openForTest(directory)
  expect(engine.status()).toMatchObject({ ready: true })
}, 15_000)

it('within one process, too, a directory is open once', async () => {
  const directory = await temporaryDirectory()
  const engine = await openIn(directory)
  await expect(openIn(directory)).rejects.toMatchObject({ code: 'unavailable', retryable: false })
  await engine.put('b', 'k', { encoding: 'text', text: 'still here' })
  await expect(openIn(directory)).rejects.toThrow(/in use/)
  await engine.close()
  await (await openIn(directory)).close()
})
