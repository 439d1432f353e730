import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import type { TestProject } from 'vitest/node'

/**
 * Unit tests run on sources, but a thread or a process of its own starts from a JavaScript file. So what the SQLite
 * engine's tests start is bundled here, from the same sources, once for each run of Vitest, into a directory of its own:
 * runs beside each other do not disturb each other.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const packageRoot = new URL('..', import.meta.url)
  // Within the package, so that @ironflow/sqlite-native is found from there.
  const bundles = new URL(`node_modules/.cache/test-bundles-${process.pid}/`, packageRoot)
  const path = (relative: string) => fileURLToPath(new URL(relative, packageRoot))
  await build({
    entry: {
      'sqlite-worker': path('src/engine/sqlite/worker.ts'),
      'sqlite-child': path('test/engine/sqlite/child.ts'),
      'sqlite-backup-worker': path('test/engine/sqlite/backup-worker.ts'),
      'sqlite-mortal-worker': path('test/engine/sqlite/mortal-worker.ts'),
    },
    outDir: fileURLToPath(bundles),
    tsconfig: path('tsconfig.json'),
    format: 'esm',
    outExtension: () => ({ js: '.mjs' }),
    platform: 'node',
    target: 'node20',
    noExternal: [/^@ironflow\//],
    config: false,
    silent: true,
  })
  project.provide('sqliteBundles', bundles.href)
  return () => rm(bundles, { recursive: true, force: true })
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** The directory of the bundles, as a URL. */
    sqliteBundles: string
  }
}
