import { describe, expect, it } from 'vitest'
import { type Given, serveSettings } from '../../src/serve/settings'

const given = (part: Partial<Omit<Given, 'env'>> & { env?: Record<string, string> } = {}): Given => ({
  flags: part.flags ?? {},
  file: part.file ?? {},
  env: (name) => part.env?.[name],
})

describe('serveSettings', () => {
  it('has a default for everything', () => {
    expect(serveSettings(given())).toEqual({
      port: 9123,
      host: '127.0.0.1',
      data: '.ironflow',
      dev: false,
      corsOrigins: [],
      environments: undefined,
      tls: undefined,
      logLevel: 'info',
      limits: {},
      bootstrapKey: undefined,
    })
  })

  it('takes the flag before the variable before the file', () => {
    const file = { port: 1, host: '127.0.0.3', data: 'c' }
    const env = { IRONFLOW_PORT: '2', IRONFLOW_HOST: '127.0.0.2' }
    expect(serveSettings(given({ flags: { port: '3' }, env, file }))).toMatchObject({
      port: 3,
      host: '127.0.0.2',
      data: 'c',
    })
  })

  it('reads every option also from its variable', () => {
    const env = {
      IRONFLOW_PORT: '0',
      IRONFLOW_HOST: '::1',
      IRONFLOW_DATA: '/data',
      IRONFLOW_DEV: '1',
      IRONFLOW_CORS_ORIGIN: 'https://a.example, https://b.example',
      IRONFLOW_ENVIRONMENTS: 'prod,test',
      IRONFLOW_TLS_CERT: 'c.pem',
      IRONFLOW_TLS_KEY: 'k.pem',
      IRONFLOW_LOG_LEVEL: 'debug',
      IRONFLOW_BOOTSTRAP_KEY: 'ifkey_x',
    }
    expect(serveSettings(given({ env }))).toEqual({
      port: 0,
      host: '::1',
      data: '/data',
      dev: true,
      corsOrigins: ['https://a.example', 'https://b.example'],
      environments: ['prod', 'test'],
      tls: { cert: 'c.pem', key: 'k.pem' },
      logLevel: 'debug',
      limits: {},
      bootstrapKey: 'ifkey_x',
    })
  })

  it.each<[string, Parameters<typeof given>[0], RegExp]>([
    ['a port that is no number', { flags: { port: 'x' } }, /--port must be 0 to 65535, not "x"/],
    ['a port that is too high', { env: { IRONFLOW_PORT: '65536' } }, /IRONFLOW_PORT must be/],
    ['a switch that is neither on nor off', { env: { IRONFLOW_DEV: 'maybe' } }, /IRONFLOW_DEV must be true or false/],
    ['half a certificate', { flags: { 'tls-cert': 'c.pem' } }, /go together/],
    ['dev mode for other machines', { flags: { dev: true, host: '0.0.0.0' } }, /loopback only, not on 0.0.0.0/],
    ['an unknown log level', { flags: { 'log-level': 'loud' } }, /log level must be one of/],
    ['an unknown member of the file', { file: { prot: 1 } }, /unknown member "prot"/],
    [
      'a list with a hole',
      { env: { IRONFLOW_CORS_ORIGIN: 'https://a.example,' } },
      /IRONFLOW_CORS_ORIGIN must be a list/,
    ],
    ['limits that are no object', { file: { limits: [] } }, /"limits" .* must be an object/],
  ])('refuses %s', (_, part, message) => {
    expect(() => serveSettings(given(part))).toThrow(message)
  })
})
