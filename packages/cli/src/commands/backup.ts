import type { Command } from 'commander'
import { command } from '../command'
import { env } from '../environment'
import { withStore } from '../with-store'

/** `ironflow backup`: a copy of a data directory. */
export function backupCommand(): Command {
  return command('backup', 'copy the data of a server into one file, also while it runs', [
    'ironflow backup monday.db --data /var/lib/ironflow',
  ])
    .argument('<file>', 'file to make; it must not exist')
    .option('--data <directory>', 'the data directory (IRONFLOW_DATA, else .ironflow)')
    .action(
      withStore(async (file: string, { data }: { data?: string }) => {
        const { backup } = await import('@ironflow/server/sqlite')
        const directory = data ?? env('IRONFLOW_DATA') ?? '.ironflow'
        await backup(directory, file)
        process.stdout.write(`Copied the data of ${directory} to ${file}\n`)
      }),
    )
}
