import { expect, test, vi } from 'vitest'
import type { Entry } from '../../src/engine/entry'
import { createMemoryEngine } from '../../src/engine/memory/engine'
import type { ChangesPage } from '../../src/engine/queries'
import { Backlog } from '../../src/watch/backlog'

const BUCKET = 'APP_default_b'
const NOW = 5_000
const AFTER = { epoch: 'e', revision: 10, time: 1_000 }
const POSITION = { epoch: 'e', revision: 90 }
const CHANGE: Entry = { key: 'k', epoch: 'e', revision: 20, createdAt: 2_000, operation: 'delete' }

function changesOf(page: ChangesPage) {
  const engine = createMemoryEngine({ bucketDefaults: { history: 1, maxValueSize: 10 } })
  vi.spyOn(engine, 'changesSince').mockResolvedValue(page)
  return new Backlog(engine, BUCKET, undefined, () => NOW).changes(AFTER)
}

const PAGES: Record<string, [page: ChangesPage, through: object, isLast: boolean]> = {
  'the newest is where the last page ends': [
    { changes: [CHANGE], more: false, position: POSITION },
    { ...POSITION, time: NOW },
    true,
  ],
  'the last change is where a page ends that others follow': [
    { changes: [CHANGE], more: true, position: POSITION },
    { epoch: 'e', revision: 20, time: 2_000 },
    false,
  ],
  'a page ends where its engine has looked, beyond the last change': [
    { changes: [CHANGE], more: true, next: { epoch: 'e', revision: 50 }, position: POSITION },
    { epoch: 'e', revision: 50, time: 2_000 },
    false,
  ],
  'a page without a change ends where its engine has looked, too': [
    { changes: [], more: true, next: { epoch: 'e', revision: 50 }, position: POSITION },
    { epoch: 'e', revision: 50, time: 1_000 },
    false,
  ],
}

for (const [name, [page, through, isLast]] of Object.entries(PAGES)) {
  test(`Backlog: ${name}`, async () => {
    expect(await changesOf(page)).toMatchObject({ through, isLast, at: POSITION })
  })
}
