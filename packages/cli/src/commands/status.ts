import type { Command } from 'commander'
import { command } from '../command'
import { connectionSettings } from '../doctor/connection'
import { type ConnectionOptions, withClient, withConnection } from '../session'

/** `ironflow status`: the server and what it holds. */
export function statusCommand(): Command {
  const made = command('status', 'print where the server is, its state and what the environment holds', [
    'ironflow status',
    'ironflow status --env prod --json',
  ]).action(
    withClient(async ({ client, output }, options: ConnectionOptions) => {
      const { probe, reasonOf } = await import('../doctor/probe')
      // First, since it says best what is wrong.
      const documents = await client.config().list()
      const buckets = await client.kv().listBuckets()
      const settings = connectionSettings(options)
      const ready = await probe('/ready', settings)
      const capabilities = await probe('/api/v1/capabilities', settings)
      const listing = await probe('/api/v1/config?limit=1', settings)
      const status = {
        server: settings.server.value,
        ready: ready.status === 200,
        version: capabilities.body?.version,
        environment: listing.headers.get('x-ironflow-environment'),
        documents: documents.length,
        buckets: buckets.length,
      }
      output.result(
        status,
        `server       ${status.server} (${settings.server.source})`,
        `ready        ${status.ready ? 'yes' : `no: ${reasonOf(ready)}`}`,
        `version      ${status.version}`,
        `environment  ${status.environment}`,
        `documents    ${status.documents}`,
        `buckets      ${status.buckets}`,
      )
    }),
  )
  return withConnection(made)
}
