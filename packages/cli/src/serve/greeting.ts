/** The state of a server that has begun to listen. */
export interface ServerFacts {
  readonly url: string
  /** The data directory. */
  readonly data: string
  /** No authentication. */
  readonly dev: boolean
  /** The file with the first key; absent: there is none any more. */
  readonly keyFile?: string | undefined
}

/** The address that every command takes unless told otherwise. */
const DEFAULT_PORT = '9123'

/** Returns what `ironflow serve` says on a terminal: where it listens, whether a key is needed, what to try. */
export function greeting({ url, data, dev, keyFile }: ServerFacts): string {
  const key = dev
    ? 'No API key is needed; only this machine is answered.'
    : `Every call needs an API key. ${keyText(keyFile)}`
  const { port, protocol } = new URL(url)
  const isDefault = port === DEFAULT_PORT && protocol === 'http:'
  const variable = dev ? '' : 'IRONFLOW_API_KEY=<key> '
  const server = isDefault ? '' : ` --server ${url}`
  return [
    `Ironflow listens on ${url}, with its data in ${data}. Ctrl-C stops it.`,
    key,
    `Try in another terminal: ${variable}ironflow config set limits '{"seats": 5}'${server}`,
    '',
  ].join('\n')
}

function keyText(keyFile: string | undefined): string {
  return keyFile === undefined ? 'Use one that you have kept.' : `The first one, for an administrator, is in ${keyFile}`
}
