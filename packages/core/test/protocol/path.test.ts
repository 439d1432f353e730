import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ValidationError } from '../../src/errors/kinds'
import { fillPath, matchPath, PathSyntaxError } from '../../src/protocol/path'
import { AWKWARD_KEYS, anyKey } from './arbitraries'

const KEY = '/kv/:bucket/keys/:key+'

describe('a filled path', () => {
  test.each(AWKWARD_KEYS)('carries %j as one segment that no URL parser changes', (key) => {
    const path = fillPath(KEY, { bucket: 'b', key })
    expect(path.split('/')).toHaveLength(5)
    expect(new URL(`http://host${path}`).pathname).toBe(path)
    expect(matchPath(KEY, path)).toEqual({ bucket: 'b', key })
  })

  test('matches its own row and gives the parameters back', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (bucket, key) => {
        const path = fillPath(KEY, { bucket, key })
        expect(new URL(`http://host${path}`).pathname).toBe(path)
        expect(matchPath(KEY, path)).toEqual({ bucket, key })
        expect(matchPath(KEY.split('/'), path.split('/'))).toEqual({ bucket, key })
      }),
    )
  })

  test.each([undefined, null, 5, {}, '', '.', '..', '\ud800', 'a\udc00b'])('cannot carry %j', (key) => {
    expect(() => fillPath(KEY, { bucket: 'b', key })).toThrow(ValidationError)
    expect(() => fillPath(KEY, { bucket: 'b', key })).toThrow(/^key: must/)
  })
})

describe('a matched path', () => {
  test.each([
    ['/kv/b/keys/a/b', { bucket: 'b', key: 'a/b' }],
    ['/kv/b/keys/a%2Fb', { bucket: 'b', key: 'a/b' }],
    ['/kv/b/keys/a%252Fb', { bucket: 'b', key: 'a%2Fb' }],
    ['/kv/b/keys//a', { bucket: 'b', key: '/a' }],
    ['/kv/b/keys/', { bucket: 'b', key: '' }],
    ['/kv/b/keys/..', { bucket: 'b', key: '..' }],
    ['/kv/b/keys/%2e%2e', { bucket: 'b', key: '..' }],
    ['/kv/b%2Fkeys/keys/a', { bucket: 'b/keys', key: 'a' }],
    ['/kv/b/keys', undefined],
    ['/kv/b/Keys/a', undefined],
    ['/kv/b/%6beys/a', undefined],
    ['kv/b/keys/a', undefined],
    ['', undefined],
  ])('%j', (path, params) => {
    expect(matchPath(KEY, path)).toEqual(params)
  })

  test('needs exactly as many segments where nothing takes the rest', () => {
    expect(matchPath('/config/:name', '/config/a')).toEqual({ name: 'a' })
    expect(matchPath('/config/:name', '/config/a/')).toBeUndefined()
    expect(matchPath('/config/:name', '/config')).toBeUndefined()
    expect(matchPath('/config', '/config')).toEqual({})
  })

  test.each(['%', '%zz', '%ff', '%ed%a0%80', '%c0%ae'])('with the encoding %j is refused', (broken) => {
    expect(() => matchPath(KEY, `/kv/b/keys/${broken}`)).toThrow(PathSyntaxError)
  })
})
