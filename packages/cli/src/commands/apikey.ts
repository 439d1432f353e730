import type { ApiKey, Role } from '@ironflow/core'
import type { Command } from 'commander'
import { command } from '../command'
import { collect } from '../option-values'
import { withClient, withServer } from '../session'

interface NewKey {
  readonly name: string
  readonly role: Role
  readonly environment?: string
  readonly expiresAt?: string
  readonly scope?: string[]
}

/** `ironflow apikey`: the API keys of a running server. */
export function apikeyCommand(): Command {
  const apikey = command('apikey', 'API keys of a running server; needs a key of role admin')
  for (const each of [create(), list(), revoke()]) apikey.addCommand(withKeyServer(each))
  return apikey
}

function create(): Command {
  return command('create', 'make a key and print it, this one time', [
    'ironflow apikey create --name ci --role developer',
    'ironflow apikey create --name shop-page --role viewer --environment prod --scope read:config:app-settings',
  ])
    .requiredOption('--name <name>', 'who uses it')
    .requiredOption('--role <role>', 'admin, developer (reads and writes) or viewer (reads)')
    .option('--environment <name>', 'the only environment the key is for')
    .option('--expires-at <time>', 'when it stops working, RFC 3339: 2027-01-31T00:00:00Z')
    .option('--scope <scope>', 'narrows the role: read:config:app-*, write:kv:sessions; repeatable', collect)
    .action(
      withClient(async ({ client, output }, { name, role, environment, expiresAt, scope: scopes }: NewKey) => {
        const created = await client.admin().apiKeys.create({ name, role, environment, expiresAt, scopes })
        output.result(created, created.key, `The key is shown only now. ${describe(created)}`)
      }),
    )
}

function list(): Command {
  return command('list', 'list the keys, without their secrets', ['ironflow apikey list']).action(
    withClient(async ({ client, output }) => {
      const keys = await client.admin().apiKeys.list()
      output.result(keys, ...(keys.length === 0 ? ['There are no keys.'] : keys.map(describe)))
    }),
  )
}

function revoke(): Command {
  return command('revoke', 'end a key', ['ironflow apikey revoke 3f2a91c04d5e'])
    .argument('<id>', 'id of the key')
    .action(
      withClient(async ({ client, output }, id: string) => {
        await client.admin().apiKeys.revoke(id)
        output.result({ id }, `Revoked ${id}`)
      }),
    )
}

/** Also with the longer names of the options. */
function withKeyServer(made: Command): Command {
  return withServer(made)
    .addOption(made.createOption('--server-url <url>').hideHelp())
    .addOption(made.createOption('--api-key <key>').hideHelp())
    .on('option:server-url', (url: string) => made.setOptionValue('server', url))
    .on('option:api-key', (key: string) => made.setOptionValue('key', key))
}

function describe({ id, name, role, environment, expiresAt, scopes }: ApiKey): string {
  const limits = [
    environment && `only ${environment}`,
    expiresAt && `until ${expiresAt}`,
    scopes && scopes.length > 0 && scopes.join(' '),
  ]
  return [id, role, name, ...limits.filter(Boolean)].join('  ')
}
