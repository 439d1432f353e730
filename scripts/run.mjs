import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's root, with a trailing slash. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** pnpm as everybody here calls it: one version, whatever is installed on the machine. */
const PNPM = ['-y', 'pnpm@10.34.9']

/** A command that did not end well. `exitCode` is the command's own, or 1 where a signal or the system ended it. */
export class CommandFailed extends Error {
  constructor(command, exitCode, why) {
    super(`${command}: ${why}`)
    this.name = 'CommandFailed'
    this.exitCode = exitCode
  }
}

/**
 * Runs a command with inherited stdio from the repository's root and resolves when it exits with 0.
 *
 * @param {string} command a program of this repository's dependencies, or any on the PATH
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @throws {CommandFailed}
 */
export function run(command, args, options = {}) {
  const line = [command, ...args].join(' ')
  const env = { ...process.env, PATH: `${ROOT}node_modules/.bin:${process.env.PATH}`, ...options.env }
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options, env })
    child.on('error', (error) => reject(new CommandFailed(line, 1, error.message)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new CommandFailed(line, code ?? 1, signal ? `ended by ${signal}` : `exit code ${code}`))
    })
  })
}

/** @param {string[]} args */
export function pnpm(args, options = {}) {
  return run('npx', [...PNPM, ...args], options)
}

/** Runs `work` under a printed title and prints how long it took, also when it fails. */
export async function step(title, work) {
  const start = performance.now()
  process.stdout.write(`\n==> ${title}\n`)
  const elapsed = () => `${((performance.now() - start) / 1000).toFixed(1)} s`
  try {
    const result = await work()
    process.stdout.write(`<== ${title}: done in ${elapsed()}\n`)
    return result
  } catch (error) {
    process.stdout.write(`<== ${title}: FAILED after ${elapsed()}\n`)
    throw error
  }
}

/** Runs a script's main function. A failed command's exit code becomes the script's; other errors keep their stack. */
export async function main(work) {
  try {
    await work()
  } catch (error) {
    process.stderr.write(`\n${error instanceof CommandFailed ? error.message : error.stack}\n`)
    process.exitCode = error instanceof CommandFailed ? error.exitCode : 1
  }
}

/** Whether the module with this `import.meta.url` is the one that node was started with. */
export function isMain(url) {
  // The module's own address has symbolic links resolved, the argument has not.
  return process.argv[1] !== undefined && fileURLToPath(url) === realpathSync(process.argv[1])
}
