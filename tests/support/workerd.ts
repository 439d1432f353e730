import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { workerdExecutable } from '../../scripts/workerd-executable.mjs'

/** A worker that runs in workerd, as Cloudflare would run it. */
export interface WorkerProcess extends AsyncDisposable {
  readonly url: string
}

/**
 * Starts a worker on a free port of 127.0.0.1.
 *
 * @param source an ES module; `@ironflow/node` is found as a bundler for workers finds it
 * @param bindings texts that it gets as its `env`
 */
export async function startWorker(source: string, bindings: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'ironflow-workerd-'))
  await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
    outfile: join(folder, 'worker.js'),
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker'],
    // Packages are found by their manifests, and not by the paths of this repository's own tsconfig.
    tsconfigRaw: '{}',
    logLevel: 'error',
  })
  await writeFile(join(folder, 'config.capnp'), configOf(bindings))
  const args = ['serve', '--control-fd=3', 'config.capnp']
  const child = spawn(await workerdExecutable(), args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
  const exited = once(child, 'exit')
  const control = createInterface({ input: child.stdio[3] as Readable })
  const [line] = await once(control, 'line', { signal: AbortSignal.timeout(15_000) })
  return {
    url: `http://127.0.0.1:${JSON.parse(String(line)).port}`,
    async [Symbol.asyncDispose]() {
      child.kill()
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function configOf(bindings: Readonly<Record<string, string>>): string {
  const entries = Object.entries(bindings).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`)
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  bindings = [${entries.join(', ')}],
  compatibilityDate = "2026-01-01",
);
`
}
