import { restore } from '@ironflow/server/sqlite'
import { env, parse } from '../parse'

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse(args, { data: { type: 'string' }, force: { type: 'boolean' } }, ['<file>'])
  const file = positionals[0] as string
  const directory = values.data ?? env('IRONFLOW_DATA') ?? '.ironflow'
  await restore(file, directory, { force: values.force === true })
  process.stdout.write(
    `Restored ${file} to ${directory}. It is a new life of the store: revisions and ETags from before do not match it.\n`,
  )
}
