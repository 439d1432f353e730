import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pnpm, ROOT } from '../run.mjs'

/** The packages that are published, each with its folder and its manifest. */
export async function publicPackages() {
  const packages = []
  for (const folder of await readdir(join(ROOT, 'packages'))) {
    const dir = join(ROOT, 'packages', folder)
    const manifest = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'))
    if (!manifest.private) packages.push({ dir, manifest, name: manifest.name })
  }
  return packages
}

/** Packs a package as it would be published, and returns the tarball's path. */
export async function pack({ dir, name }, workDir) {
  const folder = join(workDir, name.replace('/', '-'))
  await mkdir(folder)
  await pnpm(['pack', '--pack-destination', folder], { cwd: dir })
  const [file] = await readdir(folder)
  return join(folder, file)
}
