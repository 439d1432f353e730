import type { Written } from '@ironflow/core'
import type { IronflowClient } from '@ironflow/node'
import type { Command } from 'commander'
import { command } from '../command'
import { IF_REVISION, wholeNumber } from '../option-values'
import { withClient, withConnection } from '../session'
import { VALUE_FORMS, type ValueForm } from '../value-form'
import { readValue } from '../value-source'
import { get, history, list, watch } from './kv-reads'

interface Write {
  readonly file?: string
  readonly as?: ValueForm
  readonly ttl?: number
}

/** `ironflow kv`: keys and their values. */
export function kvCommand(): Command {
  const kv = command('kv', 'keys and values of a bucket')
  for (const each of [get(), put(), create(), update(), remove(), list(), history(), watch()])
    kv.addCommand(withConnection(each))
  return kv
}

function put(): Command {
  return writing('put', 'write a value, whatever is there', [
    'ironflow kv put flags new-checkout true',
    'ironflow kv put sessions user.42 --file session.json --ttl 1800',
    'echo hello | ironflow kv put notes today - --as text',
  ]).action(writeWith(({ target, key, value, options }) => target.put(key, value, { ttlSeconds: options.ttl })))
}

function create(): Command {
  return writing('create', 'write a value only where there is none', [
    `ironflow kv create locks nightly-job '"worker-1"' --ttl 60`,
  ]).action(writeWith(({ target, key, value, options }) => target.create(key, value, { ttlSeconds: options.ttl })))
}

function update(): Command {
  return writing('update', 'write a value only if its revision is the expected one', [
    'ironflow kv update counters visits 8 --if-revision 12',
  ])
    .requiredOption('--if-revision <number>', 'the newest revision of the key', wholeNumber('--if-revision'))
    .action(
      writeWith<Write & { ifRevision: number }>(({ target, key, value, options }) =>
        target.update(key, value, options.ifRevision, { ttlSeconds: options.ttl }),
      ),
    )
}

function remove(): Command {
  return command('delete', 'delete a value; no-op if it does not exist', [
    'ironflow kv delete flags new-checkout',
    'ironflow kv delete sessions user.42 --purge',
  ])
    .argument('<bucket>', BUCKET)
    .argument('<key>', KEY)
    .option('--purge', 'delete its history, too')
    .option(...IF_REVISION)
    .action(
      withClient(
        async (
          { client, output },
          bucket: string,
          key: string,
          { purge, ifRevision }: { purge?: true; ifRevision?: number },
        ) => {
          const target = client.kv().bucket(bucket)
          const written = await (purge ? target.purge(key, { ifRevision }) : target.delete(key, { ifRevision }))
          output.result(written, `Deleted ${key} from ${bucket}`)
        },
      ),
    )
}

const BUCKET = 'name of the bucket'
const KEY = 'key: tokens with dots between them'

function writing(name: string, summary: string, examples: readonly string[]): Command {
  const made = command(name, summary, examples)
    .argument('<bucket>', BUCKET)
    .argument('<key>', KEY)
    .argument('[value]', 'JSON, unless --as says otherwise; -: standard input')
  return made
    .option('--file <file>', 'read the value from a file; -: standard input')
    .addOption(made.createOption('--as <form>', 'what the value is (json)').choices(VALUE_FORMS))
    .option('--ttl <seconds>', 'time after which the value expires', wholeNumber('--ttl'))
}

/** A write that a command is to make. */
interface Wanted<O extends Write> {
  readonly target: ReturnType<typeof bucketOf>
  readonly key: string
  readonly value: unknown
  readonly options: O
}

/** Returns the action of a command that reads a value, writes it, and prints the revision. */
function writeWith<O extends Write>(write: (wanted: Wanted<O>) => Promise<Written>) {
  return withClient(
    async ({ client, output }, bucket: string, key: string, argument: string | undefined, options: O) => {
      const value = await readValue({ argument, file: options.file }, options.as)
      const written = await write({ target: bucketOf(client, bucket), key, value, options })
      output.result(written, `${key} in ${bucket} is at revision ${written.revision}`)
    },
  )
}

function bucketOf(client: IronflowClient, name: string) {
  return client.kv().bucket<unknown>(name)
}
