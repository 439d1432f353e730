import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './usage-error'

type Options = NonNullable<ParseArgsConfig['options']>

/** The options of a command line, and what stands beside them. @throws UsageError for an unknown one or a missing value */
export function parse<O extends Options>(args: string[], options: O, positionals: string[] = []) {
  const parsed = tryParse(args, options)
  if (parsed.positionals.length > positionals.length) {
    throw new UsageError(`unexpected argument "${parsed.positionals[positionals.length]}"`)
  }
  const missing = positionals[parsed.positionals.length]
  if (missing !== undefined) throw new UsageError(`${missing} is missing`)
  return parsed
}

function tryParse<O extends Options>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    // Node's message ends in advice about `--`, which does not apply to most of these mistakes.
    throw new UsageError((error as Error).message.split('. To specify')[0])
  }
}

/** An environment variable; an empty one counts as not set. */
export function env(name: string): string | undefined {
  return process.env[name] || undefined
}
