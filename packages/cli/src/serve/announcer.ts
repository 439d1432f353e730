import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { greeting, type ServerFacts } from './greeting'
import { terminalLog } from './terminal-log'

/** The voice of `ironflow serve`: lines for people on a terminal, JSON lines elsewhere. */
export interface Announcer {
  readonly logger: Logger
  /** Says that the server listens. */
  listening(facts: Pick<ServerFacts, 'url' | 'data' | 'dev'>): void
  /** Says that the first admin key is in this file. */
  firstKey(file: string): void
}

/** Returns the announcer for this process's standard output. */
export function announcerFor(level: string): Announcer {
  return process.stdout.isTTY ? forTerminal(level) : forPrograms(level)
}

/** The file of a data directory that has the first admin key, until it is deleted. */
export function bootstrapKeyFile(directory: string): string {
  return join(directory, 'bootstrap-key.json')
}

function forTerminal(level: string): Announcer {
  const write = (text: string) => process.stdout.write(text)
  return {
    logger: pino({ level }, terminalLog(write)),
    listening(facts) {
      const file = bootstrapKeyFile(facts.data)
      if (level !== 'silent') write(greeting({ ...facts, keyFile: existsSync(file) ? file : undefined }))
    },
    // The greeting names the file.
    firstKey: () => undefined,
  }
}

function forPrograms(level: string): Announcer {
  const logger = pino({ level })
  return {
    logger,
    listening: (facts) => logger.info(facts, 'listening'),
    firstKey: (file) =>
      logger.info(
        { file },
        'made the first admin key: read it in this file, then keep it somewhere safe and delete the file',
      ),
  }
}
