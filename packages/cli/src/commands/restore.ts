import type { Command } from 'commander'
import { command } from '../command'
import { env } from '../environment'
import { withStore } from '../with-store'

/** `ironflow restore`: a data directory from a backup. */
export function restoreCommand(): Command {
  return command('restore', 'make a data directory from a backup; no server may be running on it', [
    'ironflow restore monday.db --data /var/lib/ironflow-restored',
  ])
    .argument('<file>', 'the backup')
    .option('--data <directory>', 'the data directory (IRONFLOW_DATA, else .ironflow)')
    .option('--force', 'replace the data that is there')
    .action(
      withStore(async (file: string, { data, force }: { data?: string; force?: true }) => {
        const { restore } = await import('@ironflow/server/sqlite')
        const directory = data ?? env('IRONFLOW_DATA') ?? '.ironflow'
        await restore(file, directory, { force: force === true })
        process.stdout.write(
          `Restored ${file} to ${directory}. It is a new life of the store: revisions and ETags from before do not match it.\n`,
        )
      }),
    )
}
