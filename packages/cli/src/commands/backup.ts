import { backup } from '@ironflow/server/sqlite'
import { env, parse } from '../parse'

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse(args, { data: { type: 'string' } }, ['<file>'])
  const file = positionals[0] as string
  const directory = values.data ?? env('IRONFLOW_DATA') ?? '.ironflow'
  await backup(directory, file)
  process.stdout.write(`Copied the data of ${directory} to ${file}\n`)
}
