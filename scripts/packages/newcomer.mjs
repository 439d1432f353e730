import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nodeExecutable } from '../node-executable.mjs'
import { run } from '../run.mjs'
import { makeProject } from './project.mjs'

/** The packages that promise CommonJS as well. */
export const DUAL = ['@ironflow/core', '@ironflow/node']
/** Those that run without a native part: an application may import them anywhere, also one for browsers on a server. */
export const CLIENTS = [...DUAL, '@ironflow/browser']

/** The package with native code. */
const NATIVE = '@ironflow/sqlite-native'

/** A version of Node.js that brings SQLite along: on it nothing native is installed or loaded. */
const NODE = '24'
/** Package managers, each with the command that adds packages to a project. */
const MANAGERS = { 'npm@11': ['npm', 'install'], 'pnpm@10.34.9': ['pnpm', 'install'] }
/** Versions of TypeScript, by the name that they are installed under. */
const COMPILERS = { 'typescript-5': 'npm:typescript@5.9.3', 'typescript-newest': 'npm:typescript@latest' }
const VITE = '8'

/** Ways in which a compiler finds modules, each with the files that are checked in it. */
const RESOLUTIONS = {
  node16: { module: 'node16', files: ['app.mts', 'app.cts'] },
  nodenext: { module: 'nodenext', files: ['app.mts', 'app.cts'] },
  bundler: { module: 'esnext', files: ['app.mts', 'page.ts'] },
}

/** The specifiers that a package's exports map offers to code. */
function entryPoints({ name, manifest }) {
  return Object.keys(manifest.exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => name + path.slice(1))
}

/**
 * Does with the packed packages what a newcomer does, in a project of each package manager: installs them, loads every
 * entry point, compiles strict TypeScript, bundles a page, starts the server and opens a store.
 */
export async function useAsNewcomer({ packages, registry, workDir }) {
  const node = await nodeExecutable(NODE)
  for (const [manager, [command, ...install]] of Object.entries(MANAGERS)) {
    const project = await makeProject(join(workDir, command), {
      registry,
      // The store's native part is for older versions of Node.js, and comes with the server where it is needed.
      packages: packages.filter(({ name }) => name !== NATIVE),
      dependencies: { ...COMPILERS, vite: VITE, '@types/node': '20' },
      samples: ['app.mts', 'app.cts', 'page.ts', 'index.html', 'store.mjs', 'serve.mjs'],
    })
    await run('npx', ['-y', '-p', `node@${NODE}`, '-p', manager, command, ...install], { cwd: project })
    await expectNothingNative(project, manager)
    const runFile = (file, ...args) => run(node, [file, ...args], { cwd: project })
    await load(packages, project, runFile)
    await compile(project, runFile)
    await runFile('node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn')
    for (const file of ['store.mjs', 'serve.mjs']) await runFile(file)
  }
}

async function expectNothingNative(project, manager) {
  const installed = await readdir(join(project, 'node_modules'), { recursive: true })
  const native = installed.filter((path) => /(^|\/)better-sqlite3(@|$)/.test(path))
  if (native.length > 0) throw new Error(`${manager} has installed native code: ${native.join(', ')}`)
}

/** Loads every entry point of the clients in each way that it promises. */
async function load(packages, project, runFile) {
  const specifiers = (names) => JSON.stringify(packages.filter(({ name }) => names.includes(name)).flatMap(entryPoints))
  const say = (way, exports) => `console.log('${way}', name, Object.keys(${exports}).length, 'exports')`
  const files = {
    'esm.mjs': `for (const name of ${specifiers(CLIENTS)}) ${say('import ', 'await import(name)')}\n`,
    'cjs.cjs': `for (const name of ${specifiers(DUAL)}) ${say('require', 'require(name)')}\n`,
  }
  for (const [file, text] of Object.entries(files)) {
    await writeFile(join(project, file), text)
    await runFile(file)
  }
}

/** Type-checks the samples with each compiler, for each way of finding modules. Declarations are checked, too. */
async function compile(project, runFile) {
  for (const [moduleResolution, { module, files }] of Object.entries(RESOLUTIONS)) {
    const config = `tsconfig.${moduleResolution}.json`
    const lib = ['es2023', 'dom']
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'es2022',
      lib,
      types: ['node'],
      strict: true,
      noEmit: true,
    }
    await writeFile(join(project, config), JSON.stringify({ compilerOptions, files }))
    for (const compiler of Object.keys(COMPILERS)) {
      await runFile(`node_modules/${compiler}/bin/tsc`, '-p', config)
      process.stdout.write(`${compiler} compiles ${files.join(' and ')} with ${moduleResolution}\n`)
    }
  }
}
