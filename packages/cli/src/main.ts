import { CommanderError } from 'commander'
import { env } from './environment'
import { errorLine } from './error-line'
import { EXIT, type ExitCode } from './exit-code'
import { exitCodeOf } from './exit-code-of'
import { createProgram } from './program'

/** Runs a command line and returns its exit code. */
async function main(args: readonly string[]): Promise<ExitCode> {
  const program = createProgram()
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' })
    return EXIT.ok
  } catch (thrown) {
    // Help or the version was printed.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.ok
    process.stderr.write(errorLine(thrown))
    if (env('IRONFLOW_DEBUG') && thrown instanceof Error) process.stderr.write(`${thrown.stack}\n`)
    return exitCodeOf(thrown)
  }
}

// A reader that has seen enough, such as `head`, ends the command, and is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed)
})

// Not `process.exit`: what was written is still on its way, and `serve` goes on.
process.exitCode = await main(process.argv.slice(2))
