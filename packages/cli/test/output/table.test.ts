import { describe, expect, it } from 'vitest'
import { formatTable, printable } from '../../src/output/table'

const table = {
  head: ['NAME', 'REVISION', 'DATA'],
  rows: [
    ['limits', '5', '{"seats":5}'],
    ['app', '120', ''],
  ],
}

describe('formatTable', () => {
  it('aligns columns, without titles where it is not for a terminal', () => {
    expect(formatTable(table)).toEqual(['limits  5    {"seats":5}', 'app     120'])
  })

  it('has titles on a terminal, and cuts lines that do not fit', () => {
    expect(formatTable(table, 20)).toEqual(['NAME    REVISION  D…', 'limits  5         {…', 'app     120'])
    expect(formatTable(table, Number.POSITIVE_INFINITY)[0]).toBe('NAME    REVISION  DATA')
  })

  it('counts characters, not UTF-16 units', () => {
    expect(
      formatTable({
        head: ['A', 'B'],
        rows: [
          ['😀', 'x'],
          ['ab', 'y'],
        ],
      }),
    ).toEqual(['😀   x', 'ab  y'])
  })

  it('prints no character that a terminal would obey', () => {
    expect(formatTable({ head: ['A'], rows: [['\u001b[31mred\u007f\n']] })).toEqual(['\\u001b[31mred\\u007f\\n'])
    expect(printable('plain text, äöü')).toBe('plain text, äöü')
  })
})
