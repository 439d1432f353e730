import { ironflow } from '@ironflow/browser'
import { byId, cell, clock, flash, tell } from './page'

/** Follows every key of the bucket `flags`: a row for each. */
export function showFlags(): void {
  const rows = new Map<string, HTMLTableRowElement>()

  const watcher = ironflow
    .kv()
    .bucket('flags')
    .watch({
      onUpdate: ({ key, operation, data, revision, createdAt, initial }) => {
        if (operation === 'put') {
          const row = document.createElement('tr')
          row.append(cell('th', key), valueCell(data), cell('td', String(revision)), cell('td', clock(createdAt)))
          rows.set(key, row)
          if (!initial) flash(row)
        } else {
          rows.delete(key)
        }
        if (!initial) tell(`${key} is ${operation === 'put' ? textOf(data) : 'gone'}`)
        show()
      },
    })

  const show = () => {
    const sorted = [...rows].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)
    byId('flags')
      .querySelector('tbody')
      ?.replaceChildren(...sorted)
    byId('flags-note').textContent = rows.size === 0 ? 'there are no flags' : ''
  }
  watcher.ready.then(show)
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
