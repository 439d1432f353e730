// Checks the packages as they will be published, from their tarballs: a mistake in `files`, `exports` or the type
// declarations shows in none of the other tests, which read the work tree.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main, run, step } from '../run.mjs'
import { DUAL, useAsNewcomer } from './newcomer.mjs'
import { pack, publicPackages } from './pack.mjs'
import { startTarballRegistry } from './registry.mjs'
import { useOnRuntimes } from './runtimes.mjs'

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

await main(async () => {
  const workDir = await mkdtemp(join(tmpdir(), 'ironflow-packages-'))
  try {
    const packages = await publicPackages()
    for (const each of packages) {
      each.tarball = await pack(each, workDir)
      await lint(each, each.tarball)
      await measure(each)
    }
    const registry = await startTarballRegistry(packages.map(({ tarball }) => tarball))
    try {
      await step('runtimes', () => useOnRuntimes({ packages, registry, workDir }))
      await step('newcomer', () => useAsNewcomer({ packages, registry, workDir }))
    } finally {
      registry.stop()
    }
  } finally {
    await rm(workDir, { recursive: true, force: true })
  }
})
