// Tests that take minutes or gigabytes: floods, large stores, many kills. Same set-up as `npm test`.
//
//   node scripts/torture.mjs              all of them
//   node scripts/torture.mjs upgrades     the files whose name contains the word
import { main, run, step } from './run.mjs'
import { setUp } from './setup.mjs'

await main(async () => {
  await setUp()
  const files = process.argv.slice(2)
  await step('torture tests', () =>
    run('vitest', ['run', '--config', 'vitest.workspace.ts', '--project', 'torture', ...files]),
  )
})
