import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/**
 * The path of another major version of Node.js, which is a package of npm.
 *
 * @param {string} version
 */
export async function nodeExecutable(version) {
  const { stdout } = await promisify(execFile)('npx', ['-y', `node@${version}`, '-p', 'process.execPath'])
  return stdout.trim()
}
