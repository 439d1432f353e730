import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Version of workerd, the runtime of Cloudflare Workers, that tests run in. */
const VERSION = '1.20261117.1'

/** Returns the path of workerd, which is a package of npm. */
export async function workerdExecutable() {
  const find = 'readlink -f "$(command -v workerd)"'
  const { stdout } = await promisify(execFile)('npx', ['-y', '-p', `workerd@${VERSION}`, '-c', find])
  return stdout.trim()
}
