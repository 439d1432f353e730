import { isIronflowError, type KvEntry, type KvUpdate } from '@ironflow/core'
import type { IronflowClient } from '@ironflow/node'
import type { Command } from 'commander'
import { command } from '../command'
import { follow } from '../follow'
import { wholeNumber } from '../option-values'
import { inOneLine } from '../output/json-form'
import type { Output } from '../output/output'
import { withClient } from '../session'

/** `ironflow kv get`. */
export function get(): Command {
  return command('get', 'print a value', [
    'ironflow kv get flags new-checkout',
    'ironflow kv get images logo.png > logo.png',
    'ironflow kv get flags new-checkout --revision 7 --json',
  ])
    .argument('<bucket>', BUCKET)
    .argument('<key>', 'key of the value')
    .option('--revision <number>', 'an earlier value that the history keeps', wholeNumber('--revision'))
    .action(
      withClient(async ({ client, output }, bucket: string, key: string, { revision }: { revision?: number }) => {
        const entry = await client.kv().bucket<unknown>(bucket).get(key, { revision })
        printEntry(output, entry)
      }),
    )
}

/** `ironflow kv list`. */
export function list(): Command {
  return command('list', 'list the keys of a bucket', [
    'ironflow kv list sessions',
    `ironflow kv list sessions 'user.*' --values`,
  ])
    .argument('<bucket>', BUCKET)
    .argument('[filter]', FILTER)
    .option('--values', 'with revisions and values')
    .action(
      withClient(
        async ({ client, output }, bucket: string, filter: string | undefined, { values }: { values?: true }) => {
          const source = client.kv().bucket<unknown>(bucket)
          const empty = `There are no such keys in ${bucket}.`
          if (values) {
            const entries: KvEntry[] = []
            for await (const entry of source.entries(filter)) entries.push(entry)
            const rows = entries.map(({ key, revision, value }) => [key, String(revision), inOneLine(value)])
            output.list(entries, { head: ['KEY', 'REVISION', 'VALUE'], rows }, empty)
          } else {
            const keys = await source.listKeys(filter)
            output.list(keys, { head: ['KEY'], rows: keys.map((key) => [key]) }, empty)
          }
        },
      ),
    )
}

/** `ironflow kv history`. */
export function history(): Command {
  return command('history', 'list the kept revisions of a key, newest first', [
    'ironflow kv history flags new-checkout --limit 5',
  ])
    .argument('<bucket>', BUCKET)
    .argument('<key>', 'key of the values')
    .option('--limit <number>', 'the newest so many', wholeNumber('--limit'))
    .action(
      withClient(async ({ client, output }, bucket: string, key: string, { limit }: { limit?: number }) => {
        const entries = await client.kv().bucket<unknown>(bucket).history(key, { limit })
        const rows = entries.map((entry) => [
          String(entry.revision),
          entry.createdAt,
          entry.operation,
          inOneLine(entry.value),
        ])
        output.list(entries, { head: ['REVISION', 'CREATED', 'OPERATION', 'VALUE'], rows }, `There is no ${key}.`)
      }),
    )
}

/** `ironflow kv watch`. */
export function watch(): Command {
  return command('watch', 'print the values of a bucket and every change, until Ctrl-C', [
    'ironflow kv watch flags',
    `ironflow kv watch sessions 'user.*' --updates-only --json`,
  ])
    .argument('<bucket>', BUCKET)
    .argument('[filters...]', FILTER)
    .option('--updates-only', 'without the current values')
    .action(
      withClient(async (session, bucket: string, filters: string[], { updatesOnly }: { updatesOnly?: true }) => {
        const key = filters.length > 0 ? filters : undefined
        const source = session.client.kv().bucket<unknown>(bucket)
        await expectReadable(session.client, bucket)
        await follow(session, {
          watch: (onStatus) => source.watch({ onStatus }, { key, updatesOnly }),
          line: eventLine,
        })
      }),
    )
}

const BUCKET = 'name of the bucket'
const FILTER = 'keys to include: * is one token, > is the rest; quote it'

/** A watch waits for its server. A command that cannot reach it, or may not read this, fails: hence a call before. */
async function expectReadable(client: IronflowClient, bucket: string): Promise<void> {
  try {
    await client.kv().getBucketInfo(bucket)
  } catch (error) {
    // A bucket that does not exist yet can be watched.
    if (!isIronflowError(error) || error.code !== 'not_found') throw error
  }
}

/** Prints a value so that a file with it can be written again as it is. */
function printEntry(output: Output, entry: KvEntry): void {
  const { value } = entry
  if (output.isJson) output.result(entry)
  else if (output.isTerminal && value instanceof Uint8Array) {
    output.result(entry, `${inOneLine(value)}; to see them: ironflow kv get ${entry.bucket} ${entry.key} > file`)
  } else if (value instanceof Uint8Array) output.raw(value)
  else if (typeof value === 'string') output.raw(output.isTerminal ? `${value}\n` : value)
  else output.result(entry, JSON.stringify(value, null, 2))
}

function eventLine({ createdAt, revision, operation, key, data }: KvUpdate): string {
  return `${createdAt}  ${revision}  ${key}  ${operation === 'put' ? inOneLine(data) : operation}`
}
