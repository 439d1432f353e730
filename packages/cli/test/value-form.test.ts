import { describe, expect, it } from 'vitest'
import { decodeAs, type ValueForm } from '../src/value-form'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('decodeAs', () => {
  it.each<[ValueForm, string, unknown]>([
    ['json', 'false', false],
    ['json', '"false"', 'false'],
    ['json', ' {"a": [1, null]}\n', { a: [1, null] }],
    ['json', '-5', -5],
    ['text', 'false', 'false'],
    ['text', 'a\n', 'a\n'],
    ['text', '\ufeffa', '\ufeffa'],
    ['bytes', 'a', bytes('a')],
  ])('reads %s %j', (form, text, value) => {
    expect(decodeAs(form, bytes(text), 'x')).toEqual(value)
  })

  it.each(['False', 'on', '{seats: 5}', '', '01'])('stores nothing for %j, which is not JSON', (text) => {
    expect(() => decodeAs('json', bytes(text), 'the value')).toThrow(/^the value is not JSON: .*double quotes/)
  })

  it('keeps bytes that are no text, and refuses them as text', () => {
    const content = new Uint8Array([0xff, 0x00])
    expect(decodeAs('bytes', content, 'x')).toBe(content)
    expect(() => decodeAs('text', content, 'logo.png')).toThrow('logo.png is not UTF-8 text')
    expect(() => decodeAs('json', content, 'logo.png')).toThrow('logo.png is not UTF-8 text')
  })
})
