import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../run.mjs'

const SAMPLES = join(ROOT, 'scripts/packages/samples')

/**
 * Makes an empty project that finds the packed packages in their registry, and returns its folder.
 *
 * @param {string} dir
 * @param {{ registry: { url: string }, packages: { name: string, tarball: string }[], dependencies?: object, samples: string[] }} options
 *   all of the packages are dependencies; `dependencies`: others, by name
 */
export async function makeProject(dir, { registry, packages, dependencies = {}, samples }) {
  await mkdir(dir)
  // A registry is set for a scope: what has none is taken from its file.
  const ours = packages.map(({ name, tarball }) => [name, name.startsWith('@') ? 'latest' : `file:${tarball}`])
  const manifest = { name: 'newcomer', private: true, dependencies: { ...Object.fromEntries(ours), ...dependencies } }
  await writeFile(join(dir, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(dir, '.npmrc'), `@ironflow:registry=${registry.url}\n`)
  for (const file of samples) await copyFile(join(SAMPLES, file), join(dir, file))
  return dir
}
