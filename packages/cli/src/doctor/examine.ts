import { type IronflowClient, isIronflowError } from '@ironflow/node'
import { version } from '../../package.json'
import type { ConnectionSettings } from './connection'
import { CHECKS, type Finding } from './finding'
import { judgeAddress, judgeClock, judgeEnvironment, judgeKey, judgeVersions, unreachable } from './judge'
import { probe, type Response, reasonOf } from './probe'
import { examineTransport } from './transport'

/** Examines the way to a server, step by step. The first failure ends it: what comes after is skipped. */
export async function* examine(settings: ConnectionSettings, client: IronflowClient): AsyncGenerator<Finding> {
  let done = 0
  try {
    for await (const finding of steps(settings, client)) {
      done += 1
      yield finding
      if (finding.verdict === 'failed') break
    }
  } catch (thrown) {
    yield { ...unreachable(settings.server, thrown), check: CHECKS[done] ?? 'address' }
    done += 1
  }
  for (const check of CHECKS.slice(done)) yield { check, verdict: 'skipped', text: 'needs what failed before' }
}

async function* steps(settings: ConnectionSettings, client: IronflowClient): AsyncGenerator<Finding> {
  const startedAt = performance.now()
  const health = await probe('/health', settings)
  yield await withReadiness(judgeAddress(settings.server, health, performance.now() - startedAt), settings)
  yield judgeClock(health.headers.get('date'), Date.now())
  const capabilities = await probe('/api/v1/capabilities', settings)
  yield judgeKey(settings.key, capabilities)
  yield judgeVersions(version, String(capabilities.body?.version), process.versions.node)
  const documents = await probe('/api/v1/config?limit=1', settings)
  yield judgeEnvironment(settings.environment, documents, await environmentsOf(client))
  yield await examineTransport(client, firstName(documents))
}

/** A server that answers may still not serve, or no more. */
async function withReadiness(address: Finding, settings: ConnectionSettings): Promise<Finding> {
  if (address.verdict !== 'ok') return address
  const ready = await probe('/ready', settings)
  if (ready.status === 200) return address
  const text = `${address.text}: ${reasonOf(ready)}`
  return { ...address, verdict: 'warning', text, advice: 'look at the server’s log' }
}

/** Returns the environments that have data; `undefined` where the key may not know them. */
async function environmentsOf(client: IronflowClient): Promise<string[] | undefined> {
  try {
    return await client.admin().environments()
  } catch (error) {
    if (isIronflowError(error) && error.code === 'unauthorized') return undefined
    throw error
  }
}

function firstName({ body }: Response): string | undefined {
  const [first]: unknown[] = Array.isArray(body?.configs) ? body.configs : []
  const name: unknown = typeof first === 'object' && first !== null && 'name' in first ? first.name : undefined
  return typeof name === 'string' ? name : undefined
}
