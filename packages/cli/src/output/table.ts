/** Rows of one kind, for people to read. */
export interface Table {
  /** Titles of the columns, printed on a terminal only. */
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/**
 * Returns the rows in aligned columns, a line each.
 *
 * @param width of the terminal in characters: longer lines are cut; absent: no terminal, so no titles and no cut
 */
export function formatTable({ head, rows }: Table, width?: number): string[] {
  const lines = (width === undefined ? rows : [head, ...rows]).map((row) => row.map(printable))
  const widths = head.map((_, column) => Math.max(...lines.map((row) => lengthOf(row[column] ?? ''))))
  return lines.map((row) => {
    const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - lengthOf(cell)))
    return cut(cells.join('  ').trimEnd(), width)
  })
}

/** Returns one line of text without characters that would move the cursor or colour the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, escaped)
}

/** JSON leaves DEL and the control characters beyond ASCII as they are. */
function escaped(character: string): string {
  const inJson = JSON.stringify(character).slice(1, -1)
  return inJson === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : inJson
}

function cut(line: string, width: number | undefined): string {
  if (width === undefined || lengthOf(line) <= width) return line
  return `${[...line].slice(0, Math.max(0, width - 1)).join('')}…`
}

function lengthOf(text: string): number {
  return [...text].length
}
