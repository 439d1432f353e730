import { printable } from '../output/table'

/** Members of a log entry that every line has, and that say nothing to a reader. */
const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'msg'])

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

/** Returns the destination of the log on a terminal: a readable line per entry. */
export function terminalLog(write: (text: string) => unknown): { write(json: string): void } {
  return { write: (json) => void write(`${logLine(json)}\n`) }
}

/** Returns a log entry as a line: `10:42:07 warn  an API key came over plain HTTP peer="10.0.0.7"`. */
export function logLine(json: string): string {
  const entry = JSON.parse(json) as Record<string, unknown>
  const time = new Date(Number(entry.time)).toISOString().slice(11, 19)
  const rest = Object.entries(entry)
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const level = (LEVELS[Number(entry.level)] ?? String(entry.level)).padEnd(5)
  return printable([time, level, entry.msg, ...rest].join(' '))
}
