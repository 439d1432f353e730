import { type ErrorCode, type IronflowError, isIronflowError } from '@ironflow/core'
import { CommandFailed } from './command-failed'
import { UsageError } from './usage-error'

/** The next step after an error, where the message alone does not say it. */
const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  unknown_route: 'to find out why: ironflow doctor',
  connection_failed: 'to find out why: ironflow doctor',
  timeout: 'to find out why: ironflow doctor',
  invalid_response: 'to find out why: ironflow doctor',
  unauthenticated: 'give a valid key with --key or IRONFLOW_API_KEY',
  unauthorized: 'use a key whose role, scopes and environment allow this',
  already_exists: 'to change the options of a bucket: ironflow bucket update',
}

/** Returns the line for standard error: what is wrong and what to do. Never a stack. */
export function errorLine(thrown: unknown): string {
  return `ironflow: ${oneLine(textOf(thrown))}\n`
}

function textOf(thrown: unknown): string {
  if (thrown instanceof UsageError || thrown instanceof CommandFailed) return thrown.message
  if (isIronflowError(thrown)) return withAdvice(thrown)
  if (isSystemError(thrown)) return thrown.message
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  return `unexpected error: ${message}; for its stack: IRONFLOW_DEBUG=1`
}

/** The command that shows what there is, by the method that found nothing. */
const LISTS: readonly (readonly [RegExp, string])[] = [
  [/^config\./, 'ironflow config list'],
  [/^kv\..*Bucket/, 'ironflow bucket list'],
  [/^kv\./, 'ironflow kv list <bucket>'],
  [/^admin\.apiKeys\./, 'ironflow apikey list'],
]

function withAdvice(error: IronflowError): string {
  const list = error.code === 'not_found' && LISTS.find(([method]) => method.test(error.method ?? ''))
  const advice = list ? `to see what there is: ${list[1]}` : ADVICE[error.code]
  return advice === undefined ? error.message : `${error.message}; ${advice}`
}

/** A refusal of the operating system: `listen EADDRINUSE: address already in use 127.0.0.1:9123`. */
function isSystemError(thrown: unknown): thrown is NodeJS.ErrnoException {
  return thrown instanceof Error && 'syscall' in thrown
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim()
}
