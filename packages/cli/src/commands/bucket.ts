import type { BucketInfo } from '@ironflow/core'
import type { Command } from 'commander'
import { command } from '../command'
import { wholeNumber } from '../option-values'
import { printable } from '../output/table'
import { withClient, withConnection } from '../session'

interface BucketSettings {
  readonly description?: string
  readonly ttl?: number
  readonly history?: number
  readonly maxBytes?: number
  readonly maxValueSize?: number
}

/** `ironflow bucket`: the buckets themselves. */
export function bucketCommand(): Command {
  const bucket = command('bucket', 'buckets of the key-value store')
  for (const each of [create(), list(), info(), update(), remove()]) bucket.addCommand(withConnection(each))
  return bucket
}

function create(): Command {
  const made = withSettings(
    command('create', 'make a bucket; no-op if it exists with the same options', [
      'ironflow bucket create sessions --ttl 1800',
      'ironflow bucket create flags --history 10 --if-exists update',
    ]),
  )
  return made
    .addOption(
      made
        .createOption('--if-exists <what>', 'what to do about a bucket with other options')
        .choices(['fail', 'update']),
    )
    .action(
      withClient(
        async (
          { client, output },
          name: string,
          { ifExists, ...settings }: BucketSettings & { ifExists?: 'fail' | 'update' },
        ) => {
          const made = await client.kv().createBucket({ name, ...optionsOf(settings) }, { ifExists })
          output.result(made, ...infoLines(made))
        },
      ),
    )
}

function list(): Command {
  return command('list', 'list the buckets', ['ironflow bucket list --json']).action(
    withClient(async ({ client, output }) => {
      const buckets = await client.kv().listBuckets()
      const head = ['NAME', 'KEYS', 'BYTES', 'TTL', 'HISTORY', 'DESCRIPTION']
      output.list(buckets, { head, rows: buckets.map(bucketRow) }, 'There are no buckets.')
    }),
  )
}

function info(): Command {
  return command('info', 'print the options of a bucket and how full it is', ['ironflow bucket info sessions'])
    .argument('<bucket>', 'name of the bucket')
    .action(
      withClient(async ({ client, output }, name: string) => {
        const found = await client.kv().getBucketInfo(name)
        output.result(found, ...infoLines(found))
      }),
    )
}

function update(): Command {
  return withSettings(
    command('update', 'change options of a bucket and leave the others', [
      'ironflow bucket update sessions --ttl 3600 --description "sign-in sessions"',
    ]),
  ).action(
    withClient(async ({ client, output }, name: string, settings: BucketSettings) => {
      const changed = await client.kv().updateBucket(name, optionsOf(settings))
      output.result(changed, ...infoLines(changed))
    }),
  )
}

function remove(): Command {
  return command('delete', 'delete a bucket with everything in it', ['ironflow bucket delete sessions'])
    .argument('<bucket>', 'name of the bucket')
    .action(
      withClient(async ({ client, output }, name: string) => {
        output.result(await client.kv().deleteBucket(name), `Deleted ${name}`)
      }),
    )
}

function withSettings(made: Command): Command {
  return made
    .argument('<bucket>', 'name of the bucket')
    .option('--description <text>', 'what it is for')
    .option('--ttl <seconds>', 'time after which a value expires; 0: never', wholeNumber('--ttl'))
    .option('--history <number>', 'revisions kept of a key, 1 to 64', wholeNumber('--history'))
    .option('--max-bytes <number>', 'bytes that all values may take together', wholeNumber('--max-bytes'))
    .option('--max-value-size <number>', 'bytes that one value may have', wholeNumber('--max-value-size'))
}

/** The options that are given, and no others: the command's own are not the SDK's. */
function optionsOf({ description, ttl, history, maxBytes, maxValueSize }: BucketSettings) {
  return { description, ttlSeconds: ttl, history, maxBytes, maxValueSize }
}

function bucketRow({ name, values, bytes, ttlSeconds, history, description }: BucketInfo): string[] {
  return [name, String(values), String(bytes), ttlText(ttlSeconds), String(history), description ?? '']
}

function infoLines(info: BucketInfo): string[] {
  const { name, description, values, bytes, maxBytes, maxValueSize, ttlSeconds, history, createdAt } = info
  return [
    `bucket          ${name}`,
    ...(description === undefined ? [] : [`description     ${printable(description)}`]),
    `keys            ${values}`,
    `bytes           ${bytes}${maxBytes === undefined ? '' : ` of at most ${maxBytes}`}`,
    `time to live    ${ttlText(ttlSeconds)}`,
    `history         ${history}`,
    `max value size  ${maxValueSize}`,
    `created         ${createdAt}`,
  ]
}

function ttlText(seconds: number | undefined): string {
  return seconds ? `${seconds} s` : 'none'
}
