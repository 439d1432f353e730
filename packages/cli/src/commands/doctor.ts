import type { Command } from 'commander'
import { command } from '../command'
import { CommandFailed } from '../command-failed'
import { connectionSettings } from '../doctor/connection'
import { type Finding, findingLines } from '../doctor/finding'
import { EXIT } from '../exit-code'
import { type ConnectionOptions, withClient, withConnection } from '../session'

/** `ironflow doctor`: finds out why a server cannot be used. */
export function doctorCommand(): Command {
  const made = command('doctor', 'check address, clock, key, versions, environment and transport, and say what to do', [
    'ironflow doctor',
    'ironflow doctor --server https://config.example.com --env prod',
  ]).action(
    withClient(async ({ client, output }, options: ConnectionOptions) => {
      const { examine } = await import('../doctor/examine')
      const findings: Finding[] = []
      for await (const finding of examine(connectionSettings(options), client)) {
        findings.push(finding)
        if (!output.isJson) output.result(finding, ...findingLines(finding))
      }
      const failed = findings.find(({ verdict }) => verdict === 'failed')
      if (output.isJson) output.result({ ok: failed === undefined, findings: findings.map(withoutExitCode) })
      if (failed) throw new CommandFailed(`the check of the ${failed.check} failed`, failed.exitCode ?? EXIT.failed)
    }),
  )
  return withConnection(made)
}

function withoutExitCode({ exitCode: _, ...finding }: Finding): Omit<Finding, 'exitCode'> {
  return finding
}
