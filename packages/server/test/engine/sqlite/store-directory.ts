import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import type { Engine, EngineOptions } from '../../../src/engine/engine'
import type { StoredValue } from '../../../src/engine/entry'
import { openSqliteEngine, type SqliteEngineOptions } from '../../../src/engine/sqlite/open-engine'

export const DEFAULTS: EngineOptions = { bucketDefaults: { history: 3, maxValueSize: 1_000_000 } }

/** Where the bundle of that name is. */
export function bundle(name: 'sqlite-worker' | 'sqlite-backup-worker' | 'sqlite-mortal-worker' | 'sqlite-child'): URL {
  return new URL(`${name}.mjs`, inject('sqliteBundles'))
}

/** Opens an engine whose worker is bundled from the sources. */
export function openIn(directory: string, options: Partial<SqliteEngineOptions> = {}): Promise<Engine> {
  return openSqliteEngine({ ...DEFAULTS, directory, workerUrl: bundle('sqlite-worker'), ...options })
}

/** The same, closed at the end of the test. */
export async function openForTest(directory: string, options: Partial<SqliteEngineOptions> = {}): Promise<Engine> {
  const engine = await openIn(directory, options)
  onTestFinished(() => engine.close())
  return engine
}

export function text(value: string): StoredValue {
  return { encoding: 'text', text: value }
}

/** A directory of a test's own, removed after it. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await makeDirectory()
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export function makeDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ironflow-sqlite-'))
}
