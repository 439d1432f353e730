import { readFile } from 'node:fs/promises'
import { brotliCompressSync } from 'node:zlib'

const BUNDLE = new URL('../../../packages/browser/dist/ironflow.global.js', import.meta.url)
const GATE_KB = 9

/** Everything that `@ironflow/browser` exports, with all it needs, as a page loads it: one file, minified and compressed. */
export async function browserSize() {
  const kb = brotliCompressSync(await readFile(BUNDLE)).length / 1000
  return [
    {
      name: '@ironflow/browser, everything, minified and brotli',
      value: kb,
      unit: 'kB',
      against: `${GATE_KB} kB`,
      ratio: kb / GATE_KB,
      target: '<= 1, goal 0.83',
      pass: kb <= GATE_KB,
    },
  ]
}
