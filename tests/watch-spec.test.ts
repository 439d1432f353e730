import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGE = 'docs/spec/watch.md'
const FOLDERS = ['packages/core/test/watch', 'packages/server/test/watch', 'tests/watch']

const read = (path: string) => readFileSync(ROOT + path, 'utf8')
const invariants = Array.from(read(PAGE).matchAll(/^- \*\*(W\d+): /gm), (found) => found[1] as string)

/** Citations at the end of a test's title, as `file: W1`: `test('… (W1, W2)', …)`. */
const citations = FOLDERS.flatMap((folder) =>
  readdirSync(ROOT + folder)
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => {
      const titles = read(`${folder}/${file}`).matchAll(/\((W\d+(?:, W\d+)*)\)['"`],/g)
      return Array.from(titles, (found) => found[1]?.split(', ') ?? [])
        .flat()
        .map((number) => ({ place: `${folder}/${file}`, number }))
    }),
)

it('docs/spec/watch.md numbers its invariants in order, without gaps', () => {
  expect(invariants.length).toBeGreaterThan(20)
  expect(invariants).toEqual(invariants.map((_, index) => `W${index + 1}`))
})

it('every invariant of docs/spec/watch.md is cited by a test', () => {
  const cited = new Set(citations.map(({ number }) => number))
  expect(invariants.filter((number) => !cited.has(number))).toEqual([])
})

it('no test cites an invariant that docs/spec/watch.md does not have', () => {
  expect(citations.filter(({ number }) => !invariants.includes(number))).toEqual([])
})
