import { readFile } from 'node:fs/promises'
import { UsageError } from './usage-error'
import { decodeAs, type ValueForm } from './value-form'

/** The source of a command's value. */
export interface ValueSource {
  /** The value itself; `-`: standard input. */
  readonly argument: string | undefined
  /** A file with the value; `-`: standard input. */
  readonly file: string | undefined
}

/** Reads the value of a command. @throws UsageError where there is none, two, or one that is not of this form */
export async function readValue({ argument, file }: ValueSource, form: ValueForm = 'json'): Promise<unknown> {
  if (argument !== undefined && file !== undefined) {
    throw new UsageError('the value is given twice, as an argument and with --file: give it once')
  }
  if (argument === '-' || file === '-') return decodeAs(form, await readAll(process.stdin), 'standard input')
  if (file !== undefined) return decodeAs(form, await readFileOf(file), file)
  if (argument !== undefined) return decodeAs(form, Buffer.from(argument), `the value ${argument}`)
  throw new UsageError('the value is missing: give it as an argument, with --file <file>, or - for standard input')
}

async function readFileOf(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`the file ${file} cannot be read: ${reason}`)
  }
}

async function readAll(stream: AsyncIterable<Buffer | string>): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
