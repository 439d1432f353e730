import { existsSync } from 'node:fs'
import { defineConfig } from 'tsup'

// The SQLite engine runs in a worker thread, and a thread starts from a file of its own.
const sqliteWorker = 'src/engine/sqlite/worker.ts'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    testing: 'src/testing/index.ts',
    ...(existsSync(sqliteWorker) ? { 'sqlite-worker': sqliteWorker } : {}),
  },
  format: ['esm'],
  platform: 'node',
  target: 'node20',
  tsconfig: 'tsconfig.build.json',
  dts: { entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' } },
  clean: true,
  sourcemap: true,
})
