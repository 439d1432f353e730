import { defineConfig } from 'tsup'

const entryPoints = {
  index: 'src/index.ts',
  node: 'src/node.ts',
  sqlite: 'src/sqlite.ts',
  testing: 'src/testing/index.ts',
}

export default defineConfig({
  // The SQLite engine runs in a worker thread, and a thread starts from a file of its own.
  entry: { ...entryPoints, 'sqlite-worker': 'src/engine/sqlite/worker.ts' },
  format: ['esm'],
  platform: 'node',
  target: 'node20',
  tsconfig: 'tsconfig.build.json',
  dts: { entry: entryPoints },
  clean: true,
  sourcemap: true,
})
