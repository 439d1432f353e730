import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { portableSha256, sha256 } from '../src/sha256'

describe.each([
  ['sha256', sha256],
  ['portableSha256', portableSha256],
])('%s', (_, hash) => {
  it('hashes text as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(hash(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'))
      }),
    )
  })

  it('hashes bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(hash(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'))
      }),
    )
  })
})

it('is the function of the platform where that has one', () => {
  expect(sha256).not.toBe(portableSha256)
})
