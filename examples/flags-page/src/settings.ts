import { ironflow } from '@ironflow/browser'
import { byId, cell, clock, flash, tell } from './page'

/** What the page knows how to show; the document may have more fields than that. */
interface AppSettings {
  theme?: string
  banner?: string
  maintenance?: boolean
}

/** Follows the document `app-settings`: the page looks as it says. */
export function showSettings(): void {
  const settings = ironflow.config().live<AppSettings>('app-settings')
  let shown: Record<string, unknown> | undefined

  const show = () => {
    const entry = settings.getSnapshot()
    const data: Record<string, unknown> = { ...entry?.data }
    apply(data)
    const rows = Object.entries(data).map(([field, value]) => {
      const row = document.createElement('tr')
      row.append(cell('th', field), cell('td', JSON.stringify(value)))
      if (shown && JSON.stringify(shown[field]) !== JSON.stringify(value)) {
        flash(row)
        tell(`${field} is now ${JSON.stringify(value)}`)
      }
      return row
    })
    byId('settings').replaceChildren(...rows)
    byId('settings-note').textContent = entry
      ? `revision ${entry.revision}, changed at ${clock(entry.updatedAt)}`
      : 'there is no such document'
    shown = data
  }

  settings.subscribe(() => {
    if (settings.status.state === 'live') show()
  })
}

function apply({ theme, banner, maintenance }: AppSettings): void {
  document.documentElement.style.setProperty('--theme', typeof theme === 'string' ? theme : '')
  const text = maintenance === true ? 'Closed for maintenance. We are back soon.' : banner
  byId('banner').textContent = text ?? ''
  byId('banner').hidden = !text
}
