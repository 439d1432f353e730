// Uses the store on whatever Node.js runs this, and fails where native code is loaded for it. Copied by
// newcomer.mjs to where the packages are installed.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bucketDefaults } from '@ironflow/server'
import { openSqliteEngine } from '@ironflow/server/sqlite'

const directory = await mkdtemp(join(tmpdir(), 'ironflow-store-'))
try {
  const engine = await openSqliteEngine({ directory, bucketDefaults: bucketDefaults() })
  await engine.put('b', 'k', { encoding: 'text', text: 'v' })
  const { value } = await engine.get('b', 'k')
  if (value.text !== 'v') throw new Error(`read ${JSON.stringify(value)}`)
  const addons = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'))
  if (addons.length > 0) throw new Error(`native code is loaded: ${addons.join(', ')}`)
  await engine.close()
  console.log(`Node.js ${process.version} has a store without native code`)
} finally {
  await rm(directory, { recursive: true })
}
