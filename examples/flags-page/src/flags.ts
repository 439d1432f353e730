import { ironflow } from '@ironflow/browser'
import { byId, cell, clock, flash, tell } from './page'

/** Follows every key of the bucket `flags`: a row for each, in their order. */
export function showFlags(): void {
  const rows = byId('flags') as HTMLTableSectionElement
  const note = () => {
    byId('flags-note').textContent = rows.rows.length === 0 ? 'there are no flags' : ''
  }

  const watcher = ironflow
    .kv()
    .bucket('flags')
    .watch({
      onUpdate: ({ key, operation, data, revision, createdAt, initial }) => {
        const isThere = operation === 'put'
        const old = find(rows, (other) => other === key)
        if (isThere) {
          const row = document.createElement('tr')
          row.append(cell('th', key), valueCell(data), cell('td', String(revision)), cell('td', clock(createdAt)))
          rows.insertBefore(row, old ?? find(rows, (other) => other > key))
          if (!initial) flash(row)
        }
        old?.remove()
        if (!initial) tell(`${key} is ${isThere ? textOf(data) : 'gone'}`)
        note()
      },
    })
  watcher.ready.then(note)
}

/** The first row whose flag has such a name. */
function find(rows: HTMLTableSectionElement, isIt: (name: string) => boolean): HTMLTableRowElement | null {
  return Array.from(rows.rows).find((row) => isIt(row.cells[0]?.textContent ?? '')) ?? null
}

function valueCell(value: unknown): HTMLElement {
  const found = cell('td', '')
  const pill = document.createElement('span')
  pill.className = value === true ? 'pill on' : 'pill'
  pill.textContent = textOf(value)
  found.append(pill)
  return found
}

function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return JSON.stringify(value)
}
