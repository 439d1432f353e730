import { isMain, main, pnpm, step } from './run.mjs'

/** Installs what the lockfile says and builds every package: what tests, demo and benchmarks start from. */
export async function setUp() {
  await step('install', () => pnpm(['install', '--frozen-lockfile']))
  await step('build', () => pnpm(['-r', 'build']))
}

if (isMain(import.meta.url)) await main(setUp)
