/** Nasty shapes of JSON, and of what is nearly JSON, each of at most so many bytes. */
export function nastyJson(size: number): Record<string, string> {
  const fill = (open: string, part: (index: number) => string, close: string) => {
    const parts: string[] = []
    let length = open.length + close.length
    for (let index = 0; ; index++) {
      const next = part(index)
      length += Buffer.byteLength(next) + 1
      if (length > size) return open + parts.join(',') + close
      parts.push(next)
    }
  }
  const list = (part: (index: number) => string) => fill('[', part, ']')
  const object = (member: (index: number) => string) => fill('{', member, '}')
  const repeat = (text: string, rest = 0) => text.repeat(Math.floor((size - rest) / text.length))
  const id = (index: number) => index.toString(36)
  const nest = (open: (level: number) => string, close: string, levels = 60) =>
    `${Array.from({ length: levels }, (_, level) => open(level)).join('')}0${close.repeat(levels)}`

  return {
    'opening brackets': repeat('['),
    'balanced brackets': '['.repeat(size / 2) + ']'.repeat(size / 2),
    'opening members': repeat('{"":'),
    'alternating brackets': repeat('[{"a":'),
    'a list of 60 levels each': list(() => nest(() => '[', ']')),
    'a list of 60 objects each': list(() => nest(() => '{"a":', '}')),
    'a list of 60 levels with new names each': list((index) => nest((level) => `{"${id(index * 60 + level)}":`, '}')),
    'a tree of two names': list((index) =>
      [...index.toString(2).padStart(18, '0')]
        .map((bit) => `{"${bit}":`)
        .join('')
        .concat(`0${'}'.repeat(18)}`),
    ),
    zeros: list(() => '0'),
    nulls: list(() => 'null'),
    'empty objects': list(() => '{}'),
    'empty lists': list(() => '[]'),
    'empty strings': list(() => '""'),
    'different strings': list((index) => `"${id(index)}"`),
    'objects of one new name': list((index) => `{"${id(index)}":0}`),
    'objects of ten new names': list(
      (index) => `{${Array.from({ length: 10 }, (_, each) => `"${id(index * 10 + each)}":0`).join(',')}}`,
    ),
    'different members': object((index) => `"${id(index)}":0`),
    'different members of objects': object((index) => `"${id(index)}":{}`),
    'different members with escapes': object((index) => `"\\u0041${id(index)}":0`),
    'different members beyond Latin-1': object((index) => `"中${id(index)}":0`),
    'members called by numbers': object((index) => `"${index}":0`),
    'members called by sparse numbers': object((index) => `"${(index * 2_654_435_761) % 4_294_967_291}":0`),
    'one member over and over': object(() => '"a":0'),
    'members called __proto__': object(() => '"__proto__":0'),
    'members called __proto__ with escapes': object(() => '"\\u005f_proto__":0'),
    'objects with __proto__': list(() => '{"__proto__":{}}'),
    'long names': object((index) => `"${'k'.repeat(1_000)}${index}":0`),
    'one long name': `{"${'k'.repeat(size - 6)}":0}`,
    'a long name around problems': `{"${'k'.repeat(size / 2)}":${'[1e400,'.repeat(100)}0${']'.repeat(100)}}`,
    'one long string': `"${'a'.repeat(size - 2)}"`,
    'one long string beyond Latin-1': `"${'中'.repeat((size - 2) / 3)}"`,
    'one long string of escapes': `"${repeat('\\n', 2)}"`,
    'one long string of code points': `"${repeat('\\u0041', 2)}"`,
    'lone surrogates': `"${repeat('\\ud800', 2)}"`,
    'a string without end': `"${'\\"'.repeat(size / 2 - 1)}`,
    'one long number': '1'.repeat(size),
    'one long fraction': `0.${'1'.repeat(size - 2)}`,
    'one long exponent': `1e${'9'.repeat(size - 2)}`,
    'large numbers': list(() => '1e308'),
    'numbers beyond a double': list(() => '1e400'),
    'members beyond a double': object((index) => `"${id(index)}":1e400`),
    'numbers that are hard to round': list(() => '2.2250738585072011e-308'),
    fractions: list(() => '0.1'),
    'long integers': list(() => '123456789012345678901234567890'),
    commas: repeat(','),
    'a list of commas': `[${repeat(',', 2)}]`,
    blank: ' '.repeat(size),
    'a list of blank': `[${' '.repeat(size - 2)}]`,
    'blank between values': list(() => '0   \n\t  '),
    'text that is nearly JSON at its end': `${list(() => '{"a":0}').slice(0, -1)},}`,
    'objects with a known shape': list(
      (index) => `{"id":"s${index}","kind":"kv","target":"b","filters":["a.*"],"updatesOnly":true}`,
    ),
  }
}
