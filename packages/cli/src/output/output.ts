import { once } from 'node:events'
import type { WriteStream } from 'node:tty'
import { jsonForm } from './json-form'
import { formatTable, type Table } from './table'

/** The part of a stream that output needs; `isTTY` and `columns` are there on a terminal. */
export type OutputStream = NodeJS.WritableStream & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>

/** The result of a command, as text for people or, with `--json`, as JSON for programs. */
export class Output {
  constructor(
    private readonly stream: OutputStream,
    readonly isJson: boolean,
  ) {}

  get isTerminal(): boolean {
    return this.stream.isTTY === true
  }

  /** Prints a result: one JSON document, or the lines. */
  result(value: unknown, ...lines: readonly string[]): void {
    if (this.isJson) this.document(value)
    else this.lines(lines)
  }

  /** Prints a list: one JSON document, or a table. @param empty the line for a terminal where there are no rows */
  list(value: unknown, table: Table, empty: string): void {
    if (this.isJson) this.document(value)
    else if (table.rows.length > 0) this.lines(formatTable(table, this.width))
    else if (this.isTerminal) this.lines([empty])
  }

  /** Prints one event of many: one line of JSON, or the line. Resolves when the reader can take more. */
  async event(value: unknown, line: string): Promise<void> {
    const text = this.isJson ? JSON.stringify(jsonForm(value)) : line
    if (!this.stream.write(`${text}\n`)) await once(this.stream, 'drain')
  }

  /** Prints text or bytes as they are. */
  raw(content: string | Uint8Array): void {
    this.stream.write(content)
  }

  /** Characters of a line; absent: no terminal. One that does not say how wide it is gets whole lines. */
  private get width(): number | undefined {
    return this.isTerminal ? this.stream.columns || Number.POSITIVE_INFINITY : undefined
  }

  private document(value: unknown): void {
    this.lines([JSON.stringify(jsonForm(value), null, 2)])
  }

  private lines(lines: readonly string[]): void {
    if (lines.length > 0) this.stream.write(`${lines.join('\n')}\n`)
  }
}
