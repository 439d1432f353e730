import { posix } from 'node:path'
import ts from 'typescript'

/** A fenced block of a page. */
export interface Block {
  /** `docs/kv.md:12`, for messages. */
  readonly place: string
  /** What follows the fence: `ts`, `ts no-run`, `sh`. */
  readonly info: string
  readonly text: string
}

/** The fenced blocks of a Markdown page, in order. */
export function blocksOf(path: string, page: string): Block[] {
  const blocks: Block[] = []
  let open: { info: string; start: number; lines: string[] } | undefined
  for (const [index, line] of page.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line)
    if (!fence) open?.lines.push(line)
    else if (open) {
      blocks.push({ place: `${path}:${open.start}`, info: open.info, text: open.lines.join('\n') })
      open = undefined
    } else open = { info: fence[1] as string, start: index + 1, lines: [] }
  }
  if (open) throw new Error(`${path}:${open.start}: a block that does not end`)
  return blocks
}

/** A page without its fenced blocks: where links, headings and tables are. */
export function proseOf(page: string): string {
  return page.replace(/^```.*?^```$/gms, '')
}

/**
 * A TypeScript sample as a module. One that imports from Ironflow is a whole program. Any other is a fragment, which
 * stands for code in a program that has a client: everything of `@ironflow/node`, and what {@link PRELUDE} declares.
 */
export function moduleOf({ text }: Block): string {
  return /from '@ironflow\//.test(text) ? text : `${PRELUDE}{\n${text}\n}\n`
}

const PRELUDE = `import {
  ConflictError, ConnectionError, createClient, IronflowError, isIronflowError, NotFoundError, RateLimitError,
  TimeoutError, UnauthenticatedError, UnauthorizedError, ValidationError,
} from '@ironflow/node'
const client = createClient()
`

/** What the compiler finds wrong in modules, each as `name (line): message`. Strict, as an application would have it. */
export function typeErrors(directory: string, modules: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    skipLibCheck: true,
    types: ['node'],
  }
  // The files exist only here. Their folder decides which node_modules they see.
  const texts = new Map([...modules].map(([name, text], index) => [`${directory}/sample-${index}.ts`, { name, text }]))
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (file) => texts.has(file) || fileExists(file)
  host.readFile = (file) => texts.get(file)?.text ?? readFile(file)
  host.getSourceFile = (file, version, ...rest) => {
    const text = texts.get(file)?.text
    return text === undefined ? getSourceFile(file, version, ...rest) : ts.createSourceFile(file, text, version)
  }
  return ts.getPreEmitDiagnostics(ts.createProgram([...texts.keys()], options, host)).map((found) => {
    const { file, start = 0 } = found
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0
    const name = file && texts.get(file.fileName)?.name
    return `${name ?? file?.fileName} (line ${line}): ${ts.flattenDiagnosticMessageText(found.messageText, ' ')}`
  })
}

/** A module as Node.js runs it. */
export function asJavaScript(text: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  return ts.transpileModule(text, { compilerOptions }).outputText
}

/** The members of an interface, or the public methods and properties of a class. */
export function membersOf(text: string, name: string): string[] {
  const file = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true)
  const found = file.statements.find(
    (each): each is ts.InterfaceDeclaration | ts.ClassDeclaration =>
      (ts.isInterfaceDeclaration(each) || ts.isClassDeclaration(each)) && each.name?.text === name,
  )
  if (!found) throw new Error(`there is no ${name}`)
  return [...(found.members as ts.NodeArray<ts.TypeElement | ts.ClassElement>)].flatMap((member) => {
    const isPrivate = ts.canHaveModifiers(member)
      ? ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
      : false
    return member.name && ts.isIdentifier(member.name) && !isPrivate ? [member.name.text] : []
  })
}

/** The commands of a shell sample: lines joined where one ends in a backslash, without comments and empty ones. */
export function commandsOf({ text }: Block): string[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** An HTTP request that a `curl` command means, with the status that the page says it gets (`# 200` at its end). */
export interface CurlRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body?: string
  readonly status: number
}

/** Reads the few options of curl that the pages use. Anything else is an error: it would not be tested. */
export function curlRequest(command: string, variables: Readonly<Record<string, string>>): CurlRequest {
  const [, line, status] = /^(.*?)\s+# (\d{3})$/.exec(command) ?? []
  if (!line) throw new Error(`no status (# 200) at the end of: ${command}`)
  const [, ...words] = wordsOf(line, variables)
  const headers = new Headers()
  let url: string | undefined
  let method: string | undefined
  let body: string | undefined
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-X') method = words.shift()
    else if (word === '-d') body = words.shift()
    else if (word === '-H') {
      const [name, ...rest] = (words.shift() ?? '').split(':')
      headers.append(name as string, rest.join(':').trim())
    } else if (word.startsWith('-') && !['-i', '-s', '-N'].includes(word))
      throw new Error(`${word} is not read: ${command}`)
    else if (!word.startsWith('-')) url = word
  }
  if (url === undefined) throw new Error(`no URL: ${command}`)
  if (body !== undefined && !headers.has('content-type')) {
    headers.set('content-type', 'application/x-www-form-urlencoded')
  }
  method ??= body === undefined ? 'GET' : 'POST'
  return { url, method, headers, status: Number(status), ...(body === undefined ? {} : { body }) }
}

/** The words of a command line as a shell splits them, with variables filled in outside of single quotes. */
function wordsOf(line: string, variables: Readonly<Record<string, string>>): string[] {
  const fill = (text: string) =>
    text.replaceAll(/\$([A-Z_]+)/g, (_, name: string) => {
      const value = variables[name]
      if (value === undefined) throw new Error(`$${name} is not set: ${line}`)
      return value
    })
  const parts = line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)
  return Array.from(parts, ([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"|[^'"]+/g, (part, single?: string, double?: string) =>
      single !== undefined ? single : fill(double ?? part),
    ),
  )
}

/** What a page links to, outside of its samples. */
export function linksOf(page: string): string[] {
  return Array.from(proseOf(page).matchAll(/\]\(([^)\s]+)\)/g), (found) => found[1] as string)
}

/** The anchors of a page's headings, as repository hosts make them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of proseOf(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const base = heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    let anchor = base
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${base}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

/** Links of pages that lead nowhere, each as `page → link`. Addresses elsewhere are not looked at. */
export function brokenLinks(pages: ReadonlyMap<string, string>, exists: (path: string) => boolean): string[] {
  return [...pages].flatMap(([path, page]) =>
    linksOf(page)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#')
        const target = file === '' ? path : posix.join(posix.dirname(path), file)
        if (!exists(target)) return true
        return anchor !== undefined && !anchorsOf(pages.get(target) ?? '').has(anchor)
      })
      .map((link) => `${path} → ${link}`),
  )
}

/** Paths of this repository that a page names as code: `packages/core/src/client.ts`. */
export function pathsOf(page: string): string[] {
  const named = proseOf(page).matchAll(/`((?:packages|examples|scripts|bench|tests|docs)\/[\w./-]+)`/g)
  return Array.from(named, (found) => found[1] as string)
}
