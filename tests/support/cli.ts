import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The command as it is installed. */
export const BIN = fileURLToPath(new URL('../../packages/cli/bin/ironflow.js', import.meta.url))

/** The end of a command: its exit code and its output. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
}

/** Environment variables that decide which server a command talks to: those of the tests' own process do not count. */
const UNSET = { IRONFLOW_SERVER_URL: undefined, IRONFLOW_API_KEY: undefined, IRONFLOW_ENV: undefined }

/** Starts `ironflow` with these arguments. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Running {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...UNSET, ...env } })
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  child.stdout.on('data', (chunk) => chunks.stdout.push(chunk))
  child.stderr.on('data', (chunk) => chunks.stderr.push(chunk))
  const stdout = () => Buffer.concat(chunks.stdout).toString()
  const stderr = () => Buffer.concat(chunks.stderr).toString()
  const ended = once(child, 'close').then(([code]) => ({ code, stdout: stdout(), stderr: stderr() }))
  return { child, stdout, stderr, ended }
}

/** Runs `ironflow` to its end. @param input of its standard input; absent: none */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  input: string | Uint8Array = '',
): Promise<Ended> {
  const { child, ended } = startCli(args, env)
  // A command that does not read it may be gone before it is written.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return ended
}
