import { afterEach, beforeEach, expect, test } from 'vitest'
import { callHook } from '../src/hooks'
import { settle } from './fake-platform'

const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)

beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', note)
})
afterEach(() => {
  process.off('unhandledRejection', note)
})

test('a hook gets its arguments', () => {
  const seen: unknown[] = []
  callHook((a: number, b: string) => seen.push(a, b), 1, 'two')
  expect(seen).toEqual([1, 'two'])
})

test('no hook is fine', () => {
  expect(() => callHook(undefined)).not.toThrow()
})

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('hook')
    },
  ],
  [
    'throws nothing',
    () => {
      throw undefined
    },
  ],
  ['rejects', () => Promise.reject(new Error('hook'))],
  // biome-ignore lint/suspicious/noThenProperty: a thenable of some other library
  ['answers a thenable that rejects', () => ({ then: (_: unknown, reject: (e: unknown) => void) => reject('no') })],
  [
    'answers a thenable that throws',
    () =>
      Object.defineProperty({}, 'then', {
        get() {
          throw new Error('getter')
        },
      }),
  ],
])('a hook that %s reaches nobody', async (_, hook) => {
  expect(() => callHook(hook)).not.toThrow()
  await settle()
  expect(unhandled).toEqual([])
})
