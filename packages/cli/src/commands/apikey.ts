import type { ApiKey, Role } from '@ironflow/core'
import { createClient, type IronflowClient } from '@ironflow/node'
import { parse } from '../parse'
import { UsageError } from '../usage-error'

const OPTIONS = {
  name: { type: 'string' },
  role: { type: 'string' },
  environment: { type: 'string' },
  'expires-at': { type: 'string' },
  scope: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  'server-url': { type: 'string' },
  'api-key': { type: 'string' },
} as const

/** Speaks HTTP, as every client does; the server checks what is asked. */
export async function run(args: string[]): Promise<void> {
  const [action, ...rest] = args
  if (action === undefined || !['create', 'list', 'revoke'].includes(action)) {
    throw new UsageError('apikey needs one of create, list, revoke')
  }
  const { values, positionals } = parse(rest, OPTIONS, action === 'revoke' ? ['<id>'] : [])
  const print = (value: unknown, lines: string[]) =>
    process.stdout.write(values.json ? `${JSON.stringify(value, null, 2)}\n` : `${lines.join('\n')}\n`)

  await using client: IronflowClient = createClient({ serverUrl: values['server-url'], apiKey: values['api-key'] })
  const { apiKeys } = client.admin()
  if (action === 'create') {
    if (!values.name) throw new UsageError('--name is missing')
    if (!values.role) throw new UsageError('--role is missing')
    const created = await apiKeys.create({
      name: values.name,
      role: values.role as Role,
      environment: values.environment,
      expiresAt: values['expires-at'],
      scopes: values.scope,
    })
    print(created, [created.key, `The key is shown only now. ${describe(created)}`])
  } else if (action === 'list') {
    const keys = await apiKeys.list()
    print(keys, keys.length === 0 ? ['There are no keys.'] : keys.map(describe))
  } else {
    const id = positionals[0] as string
    await apiKeys.revoke(id)
    print({ id }, [`Revoked ${id}`])
  }
}

function describe({ id, name, role, environment, expiresAt, scopes }: ApiKey): string {
  const limits = [
    environment && `only ${environment}`,
    expiresAt && `until ${expiresAt}`,
    scopes && scopes.length > 0 && scopes.join(' '),
  ]
  return [id, role, name, ...limits.filter(Boolean)].join('  ')
}
