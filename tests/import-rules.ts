import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import ts from 'typescript'

/** One import of one file, however it is written: import, export-from, import(), require() or a type's import(). */
export interface Import {
  specifier: string
  /** Nothing of it is left at run time. */
  typeOnly: boolean
}

/** Source files by their path from the repository's root, with forward slashes. */
export type Sources = ReadonlyMap<string, string>

/** Everything that `text` imports, in the order of the text. A computed specifier is reported as `<computed>`. */
export function importsOf(path: string, text: string): Import[] {
  const found: Import[] = []
  const add = (node: ts.Node | undefined, typeOnly: boolean) =>
    found.push({ specifier: node && ts.isStringLiteralLike(node) ? node.text : '<computed>', typeOnly })
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyImport(node.importClause))
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, node.isTypeOnly)
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true)
    } else if (ts.isCallExpression(node) && isLoad(node.expression)) add(node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true))
  return found
}

function isTypeOnlyImport(clause: ts.ImportClause | undefined): boolean {
  // `import { type A }` keeps an empty import at run time under verbatimModuleSyntax: only `import type` counts.
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

function isLoad(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true
  if (ts.isIdentifier(callee)) return callee.text === 'require'
  return ts.isPropertyAccessExpression(callee) && callee.getText() === 'require.resolve'
}

/** Why `path` may not import this, or undefined where it may. */
export function forbidden(path: string, { specifier, typeOnly }: Import): string | undefined {
  const [, name = '', file = ''] = /^packages\/([^/]+)\/src\/(.+)$/.exec(path) ?? []
  if (specifier === '<computed>') return 'an import whose target is computed cannot be checked'
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier)
    // Its own manifest is the one file outside src that a package reads: the version is written down there and nowhere else.
    const isOwn = target.startsWith(`packages/${name}/src/`) || target === `packages/${name}/package.json`
    return isOwn ? undefined : 'a relative import stays within its package'
  }
  if (specifier.startsWith('/')) return 'an absolute path exists on one machine only'
  const rule = PACKAGE_RULES[name]
  if (!rule) return `packages/${name} has no import rule yet: write it first`
  return rule(specifier, file, typeOnly)
}

type Rule = (specifier: string, file: string, typeOnly: boolean) => string | undefined

const PACKAGE_RULES: Readonly<Record<string, Rule>> = {
  core: (specifier) => (specifier === 'eventsource-parser' ? undefined : 'core imports nothing but eventsource-parser'),

  node: (specifier) =>
    isPartOf('@ironflow/core', specifier) || ['undici', 'ws', 'nats'].includes(specifier) || isBuiltin(specifier)
      ? undefined
      : 'node imports only @ironflow/core, undici, ws, nats and built-in modules',

  browser: (specifier) =>
    isPartOf('@ironflow/core', specifier) || specifier === 'nats.ws'
      ? undefined
      : 'browser imports only @ironflow/core and nats.ws',

  server: (specifier, file, typeOnly) => {
    if (specifier === '@ironflow/core/transport') {
      return typeOnly ? undefined : 'the server takes only types from core/transport: use `import type`'
    }
    if (['@ironflow/core/protocol', '@ironflow/core/errors', '@ironflow/core/rules'].includes(specifier))
      return undefined
    if (isOurs(specifier)) return 'the server imports of Ironflow only core/protocol, /errors, /rules and /transport'
    if (specifier === 'better-sqlite3' || specifier === 'node:sqlite') {
      return 'SQLite is loaded by a driver where it is there: see engine/sqlite/driver.ts'
    }
    if (isBuiltin(specifier) && !NODE_SERVER_FILES.test(file)) return 'this part of the server runs anywhere: no node:'
    return undefined
  },

  'sqlite-native': (specifier) =>
    specifier === 'better-sqlite3' ? undefined : 'sqlite-native brings better-sqlite3 and nothing else',

  cli: (specifier, file) => {
    if (isPartOf('@ironflow/server', specifier) && !EMBEDDING_COMMANDS.test(file)) {
      return 'only serve, backup and restore open a store: every other command speaks HTTP'
    }
    if (isOurs(specifier) && !['core', 'node', 'server'].some((part) => isPartOf(`@ironflow/${part}`, specifier))) {
      return 'the CLI imports of Ironflow only core, node and server'
    }
    return undefined
  },
}

/** The binding and the engine that are for Node.js: all else of the server runs wherever there are web standards. */
const NODE_SERVER_FILES = /^(bindings\/node|engine\/sqlite)\//

const EMBEDDING_COMMANDS = /(^|\/)(serve|backup|restore)(\.ts$|\/)/

function isPartOf(name: string, specifier: string): boolean {
  return specifier === name || specifier.startsWith(`${name}/`)
}

function isOurs(specifier: string): boolean {
  return specifier === 'ironflow' || specifier.startsWith('@ironflow/')
}

/** Every forbidden import, as `file → specifier: reason`. */
export function violations(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) =>
    importsOf(path, text).flatMap((each) => {
      const reason = forbidden(path, each)
      return reason ? [`${path} → ${each.specifier}: ${reason}`] : []
    }),
  )
}

/** Each import cycle once, as `a → b → a`. Types count: two files that need each other's types are one subject. */
export function cycles(sources: Sources): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (path: string, trail: string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) {
      found.push([...trail.slice(start), path].join(' → '))
      return
    }
    if (done.has(path)) return
    for (const { specifier } of importsOf(path, sources.get(path) ?? '')) {
      const target = specifier.startsWith('.') ? resolve(path, specifier, sources) : undefined
      if (target) visit(target, [...trail, path])
    }
    done.add(path)
  }
  for (const path of sources.keys()) visit(path, [])
  return found
}

/**
 * The folders and top-level files of each package's `src`, lowest first: each imports only from itself and from those
 * before it. A folder within a folder may have an entry of its own. A package without a list is not checked.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [
    'is-record',
    'errors',
    'hooks',
    'platform',
    'web-socket',
    'async',
    'protocol',
    'transport',
    'pipeline',
    'watch',
    'surfaces',
    'options',
    'ironflow-client',
    'client',
    'index',
    'runtime',
  ],
  server: [
    'oldest-first-map',
    'sha256',
    'turns',
    'turn-share',
    'limits',
    'engine',
    'engine/memory',
    'engine/sqlite',
    'domain',
    'observe',
    'dispatch',
    'watch/kinds',
    'watch',
    'options',
    'server-core',
    'openapi',
    'bindings',
    'bindings/node',
    'server',
    'index',
    'node',
    'sqlite',
    'testing/engine-contract',
    'testing',
  ],
  node: [
    'env',
    'network-error',
    'network',
    'tunnel',
    'socket',
    'response-body',
    'http-client',
    'platform',
    'server-source',
    'client',
    'web-platform',
    'web',
    'index',
  ],
  browser: ['globals', 'lifecycle', 'platform', 'client', 'ironflow', 'index'],
  cli: [
    'usage-error',
    'exit-code',
    'command-failed',
    'exit-code-of',
    'error-line',
    'environment',
    'option-values',
    'value-form',
    'value-source',
    'with-store',
    'output',
    'session',
    'follow',
    'command',
    'completion',
    'doctor',
    'serve',
    'commands',
    'program',
    'main',
  ],
}

/**
 * Returns every import that goes up, as `file → target: reason`, every pair of folders that import each other, every
 * file without a layer, and every layer without a file.
 */
export function layerViolations(sources: Sources, layers = LAYERS): string[] {
  return Object.entries(layers).flatMap(([name, order]) => {
    const src = `packages/${name}/src/`
    const files = [...sources.keys()].filter((path) => path.startsWith(src))
    const layerOf = (path: string) => deepest(order, path.slice(src.length).replace(/\.[cm]?[jt]sx?$/, ''))
    const edges = files.flatMap((path) =>
      importsOf(path, sources.get(path) ?? '').flatMap(({ specifier }) => {
        const target = specifier.startsWith('.') ? resolve(path, specifier, sources) : undefined
        return target ? [{ path, target }] : []
      }),
    )
    return [
      ...files.filter((path) => !layerOf(path)).map((path) => `${path}: is in no layer of ${name}`),
      ...order
        .filter((layer) => !files.some((path) => layerOf(path) === layer))
        .map((layer) => `${name}: the layer ${layer} has no file`),
      ...edges.flatMap(({ path, target }) => {
        const [from, to] = [layerOf(path), layerOf(target)]
        const isUp = from !== undefined && to !== undefined && order.indexOf(to) > order.indexOf(from)
        return isUp ? [`${path} → ${target}: ${to} is above ${from}`] : []
      }),
      ...mutual(edges.map(({ path, target }) => [posix.dirname(path), posix.dirname(target)])),
    ]
  })
}

/** Returns the deepest entry that `file` is, or lies in. */
function deepest(layers: readonly string[], file: string): string | undefined {
  return layers.filter((layer) => file === layer || file.startsWith(`${layer}/`)).sort((a, b) => b.length - a.length)[0]
}

/** Returns each pair of folders that import each other, once. A package's top level is no folder: its files are layers. */
function mutual(edges: readonly (readonly [string, string])[]): string[] {
  const pairs = new Set(edges.map(([from, to]) => `${from} → ${to}`))
  const isFolder = (path: string) => !path.endsWith('/src')
  return [...pairs].flatMap((pair) => {
    const [from = '', to = ''] = pair.split(' → ')
    const isBoth = from < to && isFolder(from) && isFolder(to) && pairs.has(`${to} → ${from}`)
    return isBoth ? [`${from} ↔ ${to}: import each other`] : []
  })
}

function resolve(from: string, specifier: string, sources: Sources): string | undefined {
  const base = posix.join(posix.dirname(from), specifier)
  const bare = base.replace(/\.js$/, '')
  return [base, `${bare}.ts`, `${bare}/index.ts`].find((candidate) => sources.has(candidate))
}

/** The other packages that an entry point loads, directly or through files of its own, in alphabetical order. */
export function loadedBy(entry: string, sources: Sources): string[] {
  const packages = new Set<string>()
  const files = new Set([entry])
  // What is added to a set while it is iterated has its turn, too.
  for (const path of files) {
    for (const { specifier, typeOnly } of importsOf(path, sources.get(path) ?? '')) {
      if (typeOnly) continue
      const target = specifier.startsWith('.') ? resolve(path, specifier, sources) : undefined
      if (target) files.add(target)
      else if (!specifier.startsWith('.')) packages.add(specifier)
    }
  }
  return [...packages].sort()
}
