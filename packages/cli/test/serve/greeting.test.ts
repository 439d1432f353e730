import { expect, it } from 'vitest'
import { greeting } from '../../src/serve/greeting'

const facts = { url: 'http://127.0.0.1:9123', data: '.ironflow', dev: false, keyFile: '.ironflow/bootstrap-key.json' }

it('says in three lines where the server is, that it needs a key, and what to try', () => {
  expect(greeting(facts)).toBe(`Ironflow listens on http://127.0.0.1:9123, with its data in .ironflow. Ctrl-C stops it.
Every call needs an API key. The first one, for an administrator, is in .ironflow/bootstrap-key.json
Try in another terminal: IRONFLOW_API_KEY=<key> ironflow config set limits '{"seats": 5}'
`)
})

it('says in dev mode that none is needed', () => {
  expect(greeting({ ...facts, dev: true })).toContain(`
No API key is needed; only this machine is answered.
Try in another terminal: ironflow config set limits '{"seats": 5}'
`)
})

it('names no file that is gone', () => {
  expect(greeting({ ...facts, keyFile: undefined })).toContain(
    'Every call needs an API key. Use one that you have kept.',
  )
})

it('names the address in the command where it is not the default', () => {
  const url = 'http://127.0.0.1:9200'
  expect(greeting({ ...facts, url })).toContain(`'{"seats": 5}' --server http://127.0.0.1:9200\n`)
})
