import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatEtag, parseEtag } from '../../src/protocol/etag'

test('an ETag comes back as it was made', () => {
  const epoch = fc.stringMatching(/^[A-Za-z0-9]{1,64}$/)
  fc.assert(
    fc.property(fc.maxSafeNat(), epoch, (revision, text) => {
      expect(parseEtag(formatEtag({ revision, epoch: text }))).toEqual({ revision, epoch: text })
    }),
  )
})

test.each(['5', '"5"', 'W/"5"', ' 5 ', '005'])('%j is revision 5', (text) => {
  expect(parseEtag(text)).toEqual({ revision: 5 })
})

test.each(['W/"5-abc"', '"5-abc"'])('%j has an epoch', (text) => {
  expect(parseEtag(text)).toEqual({ revision: 5, epoch: 'abc' })
})

test.each([
  '',
  '*',
  '"',
  '"5',
  '5"',
  '-5',
  '5.0',
  '1e3',
  '0x5',
  '"5-"',
  '"5-a-b"',
  '"a"',
  '5, 6',
  '"5", "6"',
  '٥',
  '9007199254740992',
])('%j is none', (text) => {
  expect(parseEtag(text)).toBeUndefined()
})
