import { expect, it } from 'vitest'
import { nativeProblem } from '../../../src/engine/sqlite/native-driver'

it.each([
  {
    what: 'the package is missing',
    error: { code: 'MODULE_NOT_FOUND', message: "Cannot find module '@ironflow/sqlite-native'\nRequire stack:\n- /x" },
    problem: /^Node\.js \S+ needs @ironflow\/sqlite-native, which is not installed; run `npm install`/,
  },
  {
    what: 'the binding was made for another Node.js',
    error: {
      code: 'ERR_DLOPEN_FAILED',
      message: "The module '/x.node'\nwas compiled against NODE_MODULE_VERSION 115.",
    },
    problem:
      /^better-sqlite3 was not made for Node\.js \S+ \(.* NODE_MODULE_VERSION 115\.\); run `npm rebuild better-sqlite3`/,
  },
  {
    what: 'the binding is missing',
    error: { message: 'Could not locate the bindings file. Tried:\n → /x\n → /y' },
    problem: /^better-sqlite3 has no binding for Node\.js \S+ \(Could not.* Tried:\); run `npm rebuild better-sqlite3`/,
  },
])('where $what, the message says so, and what to run', ({ error, problem }) => {
  expect(nativeProblem(error)).toMatch(problem)
  expect(nativeProblem(error)).toMatch(/The data is untouched\. Node\.js 24 and later needs no such package$/)
})
