/**
 * The order of keys in every listing: that of their UTF-8 bytes, which is the order of their code points. JavaScript
 * compares UTF-16 code units instead, and there the surrogates of an astral character sort below U+E000 … U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** A code unit's place: surrogates after everything else of the basic plane. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
