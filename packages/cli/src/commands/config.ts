import type { ConfigDelete, ConfigSummary, ConfigUpdate, ConfigVersion } from '@ironflow/core'
import type { Command } from 'commander'
import { command } from '../command'
import { follow } from '../follow'
import { IF_REVISION, wholeNumber } from '../option-values'
import { inOneLine } from '../output/json-form'
import { withClient, withConnection } from '../session'
import { UsageError } from '../usage-error'
import { readValue } from '../value-source'

interface Write {
  readonly file?: string
  readonly ifRevision?: number
}

const NAME = 'name of the document'

/** `ironflow config`: config documents. */
export function configCommand(): Command {
  const config = command('config', 'config documents: named JSON objects')
  for (const each of [get(), set(), patch(), list(), remove(), history(), rollback(), watch()])
    config.addCommand(withConnection(each))
  return config
}

function get(): Command {
  return command('get', 'print a document', [
    'ironflow config get limits',
    'ironflow config get limits --revision 3 --json',
  ])
    .argument('<name>', NAME)
    .option('--revision <number>', 'an earlier version', wholeNumber('--revision'))
    .action(
      withClient(async ({ client, output }, name: string, { revision }: { revision?: number }) => {
        const entry = await client.config().get<unknown>(name, { revision })
        output.result(entry, JSON.stringify(entry.data, null, 2))
      }),
    )
}

function set(): Command {
  return writing(
    command('set', 'write a whole document', [
      `ironflow config set limits '{"seats": 5}'`,
      'ironflow config set limits --file limits.json --if-revision 3',
      'cat limits.json | ironflow config set limits - --create-only',
    ])
      .argument('<name>', NAME)
      .argument('[data]', 'a JSON object; -: standard input'),
  )
    .option('--create-only', 'only if there is no such document')
    .action(
      withClient(
        async ({ client, output }, name: string, data: string | undefined, options: Write & { createOnly?: true }) => {
          const content = await readObject(data, options)
          const { ifRevision, createOnly } = options
          const written = await client.config().set(name, content, { ifRevision, createOnly })
          output.result(written, writtenLine(written))
        },
      ),
    )
}

function patch(): Command {
  return writing(
    command('patch', 'write some fields of a document and leave the others', [
      `ironflow config patch limits '{"seats": 6}'`,
      `echo '{"seats": 6}' | ironflow config patch limits -`,
    ])
      .argument('<name>', NAME)
      .argument('[fields]', 'a JSON object; -: standard input'),
  ).action(
    withClient(async ({ client, output }, name: string, fields: string | undefined, options: Write) => {
      const content = await readObject(fields, options)
      const written = await client.config().patch(name, content, { ifRevision: options.ifRevision })
      output.result(written, writtenLine(written))
    }),
  )
}

function list(): Command {
  return command('list', 'list the documents', ['ironflow config list --env prod']).action(
    withClient(async ({ client, output }) => {
      const documents = await client.config().list()
      const rows = documents.map(({ name, revision, updatedAt }) => [name, String(revision), updatedAt])
      output.list(documents, { head: ['NAME', 'REVISION', 'UPDATED'], rows }, 'There are no documents.')
    }),
  )
}

function remove(): Command {
  return command('delete', 'delete a document; no-op if it does not exist', ['ironflow config delete limits'])
    .argument('<name>', NAME)
    .option(...IF_REVISION)
    .action(
      withClient(async ({ client, output }, name: string, { ifRevision }: Write) => {
        output.result(await client.config().delete(name, { ifRevision }), `Deleted ${name}`)
      }),
    )
}

function history(): Command {
  return command('history', 'list the versions of a document, newest first', [
    'ironflow config history limits --limit 5',
  ])
    .argument('<name>', NAME)
    .option('--limit <number>', 'the newest so many', wholeNumber('--limit'))
    .action(
      withClient(async ({ client, output }, name: string, { limit }: { limit?: number }) => {
        const versions = await client.config().history(name, { limit })
        const head = ['REVISION', 'UPDATED', 'OPERATION', 'DATA']
        output.list(versions, { head, rows: versions.map(versionRow) }, `There are no versions of ${name}.`)
      }),
    )
}

function rollback(): Command {
  return command('rollback', 'write the content of an earlier version again, as a new revision', [
    'ironflow config rollback limits 3',
  ])
    .argument('<name>', NAME)
    .argument('<revision>', 'revision of that version', wholeNumber('<revision>'))
    .option(...IF_REVISION)
    .action(
      withClient(async ({ client, output }, name: string, revision: number, { ifRevision }: Write) => {
        const written = await client.config().rollback(name, revision, { ifRevision })
        output.result(written, writtenLine(written))
      }),
    )
}

function watch(): Command {
  return command('watch', 'print a document and every change of it, until Ctrl-C', [
    'ironflow config watch limits',
    'ironflow config watch limits --json | jq .data.seats',
  ])
    .argument('<name>', NAME)
    .action(
      withClient(async (session, name: string) => {
        const config = session.client.config()
        // A watch waits for its server. A command that cannot reach it, or may not read this, fails.
        await config.find(name)
        await follow(session, { watch: (onStatus) => config.watch(name, { onStatus }), line: eventLine })
      }),
    )
}

function writing(command: Command): Command {
  return command.option('--file <file>', 'read the JSON object from a file; -: standard input').option(...IF_REVISION)
}

/** @throws UsageError for JSON that is no object */
async function readObject(argument: string | undefined, { file }: Write): Promise<object> {
  const value = await readValue({ argument, file })
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new UsageError(`a document is a JSON object such as {"seats": 5}, not ${inOneLine(value)}`)
}

function writtenLine({ name, revision }: ConfigSummary): string {
  return `${name} is at revision ${revision}`
}

function versionRow({ revision, updatedAt, operation, data }: ConfigVersion): string[] {
  return [String(revision), updatedAt, operation, inOneLine(data)]
}

function eventLine(event: ConfigUpdate | ConfigDelete): string {
  const content = event.type === 'config_update' ? inOneLine(event.data) : 'deleted'
  return `${event.updatedAt}  ${event.revision}  ${content}`
}
