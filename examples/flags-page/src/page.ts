/** The element of that id; index.html has it. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`index.html has no #${id}`)
  return found
}

/** A cell of a table. A `th` heads its row. */
export function cell(tag: 'th' | 'td', text: string): HTMLElement {
  const made = document.createElement(tag)
  if (tag === 'th') made.setAttribute('scope', 'row')
  made.textContent = text
  return made
}

/** A time of day, in the reader's way of writing it. @param time as RFC 3339, or epoch milliseconds */
export function clock(time: string | number): string {
  return new Date(time).toLocaleTimeString()
}

/** Shows that a row has just changed: a colour that fades. */
export function flash(row: HTMLElement): void {
  row.animate([{ background: 'color-mix(in srgb, var(--theme) 35%, transparent)' }, {}], 2500)
}

/** Says it to those who do not see the page. */
export function tell(text: string): void {
  byId('news').textContent = text
}
