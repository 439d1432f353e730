import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { UsageError } from '../usage-error'

/** Reads the configuration file of `serve`. @throws UsageError for a file that is no JSON object */
export function readConfigFile(path: string): Record<string, unknown> {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`the configuration file ${path} cannot be read: ${(error as Error).message}`)
  }
  if (typeof content === 'object' && content !== null && !Array.isArray(content))
    return content as Record<string, unknown>
  throw new UsageError(`the configuration file ${path} must hold a JSON object`)
}

/** Reads a certificate and tries it: one that cannot be used is a mistake of the command line. */
export function readCertificate({ cert, key }: { cert: string; key: string }): { cert: Buffer; key: Buffer } {
  const tls = { cert: readPem(cert), key: readPem(key) }
  try {
    createSecureContext(tls)
  } catch (error) {
    throw new UsageError(`the certificate ${cert} and the key ${key} cannot be used: ${(error as Error).message}`)
  }
  return tls
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError(`the file ${path} cannot be read: ${(error as Error).message}`)
  }
}
