import { pino } from 'pino'
import { expect, it } from 'vitest'
import { logLine, terminalLog } from '../../src/serve/terminal-log'

it('is one readable line per entry', () => {
  const written: string[] = []
  const log = pino(
    { level: 'debug' },
    terminalLog((text) => written.push(text)),
  )
  log.warn({ peer: '10.0.0.7' }, 'an API key came over plain HTTP')
  log.info({}, 'stopped')
  expect(written.join('')).toMatch(
    /^\d\d:\d\d:\d\d warn {2}an API key came over plain HTTP peer="10\.0\.0\.7"\n\d\d:\d\d:\d\d info {2}stopped\n$/,
  )
})

it('prints no character that a terminal would obey', () => {
  expect(logLine('{"level":50,"time":0,"msg":"\\u001b[31m"}')).toBe('00:00:00 error \\u001b[31m')
})
