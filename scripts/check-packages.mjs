// Checks the packages as they will be published, from their tarballs: a mistake in `files`, `exports` or the type
// declarations shows in none of the other tests, which read the work tree.
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main, pnpm, ROOT, run } from './run.mjs'
import { startServer } from './server-process.mjs'
import { startTarballRegistry } from './tarball-registry.mjs'

/** The packages that promise CommonJS as well. */
const DUAL = ['@ironflow/core', '@ironflow/node']
/** The other major versions of Node.js that the clients run on. They are packages of npm. */
const OTHER_NODES = ['22', '24']
/** A version that brings SQLite along. */
const BUILT_IN_SQLITE = '24'
/** Those that run without a native part: an application may import them anywhere, also one for browsers on a server. */
const CLIENTS = [...DUAL, '@ironflow/browser']

async function publicPackages() {
  const folders = await readdir(join(ROOT, 'packages'))
  const packages = []
  for (const folder of folders) {
    const dir = join(ROOT, 'packages', folder)
    const manifest = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'))
    if (!manifest.private) packages.push({ dir, manifest, name: manifest.name })
  }
  return packages
}

async function pack({ dir, name }, workDir) {
  const folder = join(workDir, name.replace('/', '-'))
  await mkdir(folder)
  await pnpm(['pack', '--pack-destination', folder], { cwd: dir })
  const [file] = await readdir(folder)
  return join(folder, file)
}

async function lint({ name, manifest }, tarball) {
  await run('publint', [tarball, '--strict'])
  // A command has no importable entry point, so there are no types to resolve.
  if (manifest.types === undefined) {
    process.stdout.write(`${name}: no importable entry point, attw does not apply\n`)
    return
  }
  // node16 rather than strict: `moduleResolution: node10` cannot see an exports map, so a subpath never resolves there.
  await run('attw', [tarball, '--profile', DUAL.includes(name) ? 'node16' : 'esm-only'])
}

/** Holds a package that pages load to its size: what a bundler makes of all of it, minified and compressed. */
async function measure({ dir }) {
  if (existsSync(join(dir, '.size-limit.json'))) await run('size-limit', [], { cwd: dir })
}

/** The specifiers that a package's exports map offers to code. */
function entryPoints({ name, manifest }) {
  return Object.keys(manifest.exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => name + path.slice(1))
}

/**
 * Installs the client tarballs into an empty project, with npm, and loads every entry point in each way that it promises,
 * then uses them, on each version of Node.js.
 */
async function useAsApplication(clients, workDir) {
  const project = join(workDir, 'application')
  await mkdir(project)
  const tarballs = Object.fromEntries(clients.map(({ name, tarball }) => [name, `file:${tarball}`]))
  // The override makes the clients' dependencies on each other mean these tarballs and not a published release.
  const overrides = Object.fromEntries(clients.map(({ name }) => [name, `$${name}`]))
  const manifest = { name: 'application', private: true, dependencies: tarballs, overrides }
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest))
  const specifiers = (names) => JSON.stringify(clients.filter(({ name }) => names.includes(name)).flatMap(entryPoints))
  await writeFile(
    join(project, 'esm.mjs'),
    `for (const name of ${specifiers(CLIENTS)}) console.log('import ', name, Object.keys(await import(name)).length, 'exports')\n`,
  )
  await writeFile(
    join(project, 'cjs.cjs'),
    `for (const name of ${specifiers(DUAL)}) console.log('require', name, Object.keys(require(name)).length, 'exports')\n`,
  )
  await run('npm', ['install', '--no-audit', '--no-fund'], { cwd: project })
  await copyFile(join(ROOT, 'scripts/client-smoke.mjs'), join(project, 'smoke.mjs'))
  const server = await startServer()
  try {
    const env = { IRONFLOW_SERVER_URL: server.url, IRONFLOW_API_KEY: server.apiKey }
    for (const node of [['node'], ...OTHER_NODES.map((version) => ['npx', '-y', `node@${version}`])]) {
      const [command, ...args] = node
      for (const file of ['esm.mjs', 'cjs.cjs', 'smoke.mjs']) await run(command, [...args, file], { cwd: project, env })
    }
  } finally {
    await server.stop()
  }
}

/**
 * Installs the server on a version of Node.js that has SQLite, with npm and with pnpm, and opens a store: nothing native
 * may be installed for it, nor loaded.
 */
async function useStoreWithoutNativeCode(packages, workDir) {
  const registry = await startTarballRegistry(packages.map(({ tarball }) => tarball))
  try {
    for (const [manager, ...install] of [
      ['npm@11', 'npm', 'install'],
      ['pnpm@10.34.9', 'pnpm', 'install'],
    ]) {
      const project = join(workDir, `store-${manager}`)
      await mkdir(project)
      const manifest = { name: 'store', private: true, dependencies: { '@ironflow/server': 'latest' } }
      await writeFile(join(project, 'package.json'), JSON.stringify(manifest))
      await writeFile(join(project, '.npmrc'), `@ironflow:registry=${registry.url}\n`)
      await copyFile(join(ROOT, 'scripts/store-smoke.mjs'), join(project, 'smoke.mjs'))
      const withNode = ['-y', '-p', `node@${BUILT_IN_SQLITE}`, '-p', manager]
      await run('npx', [...withNode, ...install], { cwd: project })
      const installed = await readdir(join(project, 'node_modules'), { recursive: true })
      const native = installed.filter((path) => /(^|\/)better-sqlite3(@|$)|\.node$/.test(path))
      if (native.length > 0) throw new Error(`${manager} has installed native code: ${native.join(', ')}`)
      await run('npx', [...withNode, 'node', 'smoke.mjs'], { cwd: project })
    }
  } finally {
    registry.stop()
  }
}

await main(async () => {
  const workDir = await mkdtemp(join(tmpdir(), 'ironflow-packages-'))
  try {
    const packages = await publicPackages()
    for (const each of packages) {
      each.tarball = await pack(each, workDir)
      await lint(each, each.tarball)
      await measure(each)
    }
    await useAsApplication(
      packages.filter(({ name }) => CLIENTS.includes(name)),
      workDir,
    )
    await useStoreWithoutNativeCode(packages, workDir)
  } finally {
    await rm(workDir, { recursive: true, force: true })
  }
})
