import type { IronflowClient } from '@ironflow/node'
import type { Command } from 'commander'
import { Output } from './output/output'

/** Options of every command that talks to a server. */
export interface ConnectionOptions {
  readonly server?: string
  readonly key?: string
  readonly env?: string
  readonly json?: boolean
}

/** The client and the output of a command that talks to a server. */
export interface Session {
  readonly client: IronflowClient
  readonly output: Output
}

/** Adds the options of a command that talks to a server. */
export function withConnection(made: Command): Command {
  const env = made.createOption('--env <name>', 'environment (IRONFLOW_ENV, else the key’s own, else default)')
  return withServer(made).addOption(env.helpGroup(GROUP))
}

/** As {@link withConnection}, for what concerns a server and none of its environments. */
export function withServer(made: Command): Command {
  const options = [
    made.createOption('--json', 'print JSON, for programs'),
    made.createOption('--server <url>', 'address of the server (IRONFLOW_SERVER_URL, else http://localhost:9123)'),
    made.createOption('--key <key>', 'API key; better in the variable, which others cannot read (IRONFLOW_API_KEY)'),
  ]
  for (const option of options) made.addOption(option.helpGroup(GROUP))
  return made
}

const GROUP = 'Options of every command that talks to a server:'

/** Returns the action of a command that gets a client, which is closed after it. The SDK is loaded when it runs. */
export function withClient<A extends unknown[]>(
  work: (session: Session, ...args: A) => Promise<void>,
): (this: Command, ...args: A) => Promise<void> {
  return async function run(...args) {
    const { server, key, env, json } = this.opts<ConnectionOptions>()
    const { createClient } = await import('@ironflow/node')
    await using client = createClient({ serverUrl: server, apiKey: key, environment: env })
    await work({ client, output: new Output(process.stdout, json === true) }, ...args)
  }
}
