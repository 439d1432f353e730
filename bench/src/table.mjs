import { untilQuiet } from './quiet.mjs'

/**
 * One line of the table.
 *
 * @typedef {{ name: string, value: number, unit: string, against: string, ratio: number, target: string, pass: boolean }} Row
 */

/** The middle of some figures: what one disturbed round cannot move. */
export function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Measures two things in turns, A B A B …, so that a machine whose speed drifts slows both.
 *
 * @param {number} rounds
 * @param {() => Promise<number>} measure
 * @param {() => Promise<number>} measureOther
 * @returns the median of each, and of the ratios round by round
 */
export async function inTurns(rounds, measure, measureOther) {
  const pairs = []
  for (let round = 0; round < rounds; round += 1) {
    await untilQuiet()
    const value = await measure()
    await untilQuiet()
    const other = await measureOther()
    pairs.push({ value, other, ratio: value / other })
  }
  return {
    value: median(pairs.map(({ value }) => value)),
    other: median(pairs.map(({ other }) => other)),
    ratio: median(pairs.map(({ ratio }) => ratio)),
  }
}

export function printTable(rows) {
  const cells = rows.map(({ name, value, unit, against, ratio, target, pass }) => [
    pass ? 'ok' : 'SHORT',
    name,
    `${round(value)} ${unit}`,
    against,
    ratio.toFixed(2),
    target,
  ])
  const table = [['', 'what', 'figure', 'against', 'ratio', 'target'], ...cells]
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)))
  for (const line of table)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
}

/** Three figures that mean something. */
export function round(value) {
  return Number(value.toPrecision(3))
}
