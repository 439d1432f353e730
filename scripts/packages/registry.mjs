import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { promisify } from 'node:util'

/**
 * A registry of packed packages on the loopback address: to a package manager they are what they will be once published.
 * From a `file:` address pnpm installs a package without a look at its `engines`.
 *
 * @param {string[]} tarballs
 */
export async function startTarballRegistry(tarballs) {
  const packages = await Promise.all(tarballs.map(read))
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url).slice(1)
    const found = packages.find(({ manifest: { name } }) => path === name || path === `${name}.tgz`)
    if (!found) response.writeHead(404).end()
    else response.end(path.endsWith('.tgz') ? found.content : JSON.stringify(packument(found, url)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}/`
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url, stop }
}

async function read(tarball) {
  const { stdout } = await promisify(execFile)('tar', ['-xzOf', tarball, 'package/package.json'])
  return { manifest: JSON.parse(stdout), content: await readFile(tarball) }
}

function packument({ manifest, content }, url) {
  const { name, version } = manifest
  const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist: { tarball: `${url}${name}.tgz`, integrity } } },
    // Long ago, whatever the rule about the age of releases.
    time: { [version]: new Date(0).toISOString() },
  }
}
