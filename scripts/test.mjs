// Every check of the repository, in the order in which a mistake is cheapest to find. Stops at the first failure.
//
//   node scripts/test.mjs                  all of it
//   node scripts/test.mjs --only=unit      one step, after the same set-up
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureBrowser } from './browser.mjs'
import { nodeExecutable } from './node-executable.mjs'
import { main, run, step } from './run.mjs'
import { setUp } from './setup.mjs'

/** The version of Node.js on which the store needs no native code, and the tests that are about the store. */
const BUILT_IN = '24'
const STORE_TESTS = [
  'packages/server/test/engine/sqlite',
  'tests/full-disk.test.ts',
  'tests/data-loss.test.ts',
  'tests/worker-death.test.ts',
]

const steps = {
  types: { title: 'types', work: () => run('npm', ['run', 'typecheck']) },
  lint: { title: 'lint', work: () => run('npm', ['run', 'lint']) },
  unit: {
    title: 'unit and contract tests',
    work: (dir) => vitest(dir, ['--project', 'unit', '--project', 'unit-isolated']),
  },
  store: {
    title: `tests of the store on Node.js ${BUILT_IN}`,
    work: async (dir) => vitest(dir, STORE_TESTS, await nodeExecutable(BUILT_IN)),
  },
  integration: {
    title: 'integration tests',
    work: (dir) => vitest(dir, ['--project', 'integration']),
    needsBrowser: true,
  },
  packages: { title: 'package gates', work: () => run('node', ['scripts/packages/check.mjs']) },
}

/** What the test runs so far add up to: read from vitest's own report, also of a run that failed. */
const total = { passed: 0, failed: 0, skipped: 0, failedFiles: 0 }
let reports = 0

async function vitest(workDir, args, node = process.execPath) {
  const report = join(workDir, `${reports++}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const command = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.workspace.ts']
  try {
    await run(node, [...command, ...args, ...reporters])
  } finally {
    // A run that broke before its first test leaves no report; its exit code has said so.
    const text = await readFile(report, 'utf8').catch(() => undefined)
    if (text !== undefined) add(JSON.parse(text))
  }
}

function add(report) {
  total.passed += report.numPassedTests
  total.failed += report.numFailedTests
  total.skipped += report.numPendingTests + report.numTodoTests
  total.failedFiles += report.testResults.filter((file) => file.status === 'failed').length
}

await main(async () => {
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  if (values.only !== undefined && !Object.hasOwn(steps, values.only)) {
    throw new Error(`--only=${values.only}: no such step. Steps: ${Object.keys(steps).join(', ')}`)
  }
  const chosen = values.only === undefined ? Object.values(steps) : [steps[values.only]]
  const outcome = new Map(chosen.map(({ title }) => [title, 'not run']))
  const workDir = await mkdtemp(join(tmpdir(), 'ironflow-test-'))
  try {
    await setUp()
    if (chosen.some(({ needsBrowser }) => needsBrowser)) await ensureBrowser()
    for (const { title, work } of chosen) {
      outcome.set(title, 'FAILED')
      await step(title, () => work(workDir))
      outcome.set(title, 'passed')
    }
  } finally {
    await rm(workDir, { recursive: true, force: true })
    const lines = [...outcome].map(([title, result]) => `  ${title}: ${result}`)
    if (total.skipped > 0) lines.push(`  skipped tests: ${total.skipped}`)
    if (total.failedFiles > 0) lines.push(`  test files with a failure: ${total.failedFiles}`)
    process.stdout.write(`\n${['Summary', ...lines].join('\n')}\n`)
  }
})

process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
