import { fileURLToPath } from 'node:url'
import { parseConfigFileTextToJson, sys } from 'typescript'

export interface Alias {
  find: RegExp
  replacement: string
}

/**
 * The `paths` of tsconfig.base.json as Vite aliases, so that the type checker and the unit tests read the same files
 * and a new entry point is written down once. Each alias matches its specifier exactly: `@ironflow/core` does not
 * swallow `@ironflow/core/errors`.
 */
export function sourceAliases(): Alias[] {
  const file = fileURLToPath(new URL('./tsconfig.base.json', import.meta.url))
  const { config, error } = parseConfigFileTextToJson(file, sys.readFile(file) ?? '')
  if (error) throw new Error(`${file}: ${JSON.stringify(error.messageText)}`)
  const paths = config.compilerOptions.paths as Record<string, [string]>
  return Object.entries(paths).map(([specifier, [target]]) => ({
    find: new RegExp(`^${specifier.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`),
    replacement: fileURLToPath(new URL(target, import.meta.url)),
  }))
}
