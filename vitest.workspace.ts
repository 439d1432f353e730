import { configDefaults, defineConfig } from 'vitest/config'
import { sourceAliases } from './vitest.aliases.ts'

const ISOLATED = 'packages/*/test/**/*.isolated.test.ts'

// Vitest does not find a file of this name by itself: call it as `vitest run --config vitest.workspace.ts`.
export default defineConfig({
  test: {
    projects: [
      {
        // Reads sources: an edit is tested without a build.
        resolve: { alias: sourceAliases() },
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ISOLATED],
          globalSetup: ['packages/server/test/global-setup.ts'],
          // Modules are loaded once for all files of a worker: loading them takes longer than most tests do.
          isolate: false,
        },
      },
      {
        // Unit tests that replace a module.
        resolve: { alias: sourceAliases() },
        test: { name: 'unit-isolated', include: [ISOLATED] },
      },
      {
        // Reads dist through each package's exports map, as an application would: build first.
        test: {
          name: 'integration',
          include: ['tests/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'tests/torture/**'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          // What is awaited goes through processes and browsers.
          expect: { poll: { timeout: 10_000 } },
          // Each file may start servers of its own, and a loaded machine turns their timings into flakes.
          fileParallelism: false,
        },
      },
      {
        // What takes minutes or gigabytes: `npm run test:torture`. Reads dist, too.
        test: {
          name: 'torture',
          include: ['tests/torture/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
