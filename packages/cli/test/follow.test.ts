import { ConnectionError } from '@ironflow/core'
import { expect, it } from 'vitest'
import { statusLine } from '../src/follow'

const client = { transport: 'websocket' } as const

it('says when a watch is live and why it is not, and nothing about what goes without saying', () => {
  const error = new ConnectionError('connect ECONNREFUSED', 'connection_failed')
  expect(statusLine({ state: 'live', since: 0 }, client)).toBe('# live (websocket); Ctrl-C ends it')
  expect(statusLine({ state: 'interrupted', error, retryAt: 0 }, client)).toBe(
    '# interrupted: connect ECONNREFUSED; trying again',
  )
  expect(statusLine({ state: 'connecting' }, client)).toBeUndefined()
  expect(statusLine({ state: 'closed' }, client)).toBeUndefined()
})
