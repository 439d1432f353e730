import { afterEach, describe, expect, test, vi } from 'vitest'
import { IronflowError, ValidationError } from '../src/index'
import { Ironflow } from '../src/ironflow'

afterEach(() => {
  vi.unstubAllGlobals()
})

const options = { serverUrl: 'http://host', apiKey: 'ifkey_1' }

/** Answers every request with an empty list, and keeps where it went. */
function listingServer(): string[] {
  const urls: string[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    urls.push(url)
    return Response.json({ configs: [], count: 0 })
  })
  return urls
}

describe('before it is configured', () => {
  test.each(['config', 'configManager', 'kv', 'events', 'status'] as const)('%s says what to do', (member) => {
    const ironflow = new Ironflow()
    expect(() => ironflow[member]()).toThrow(IronflowError)
    expect(() => ironflow[member]()).toThrow(
      expect.objectContaining({ code: 'not_configured', message: expect.stringContaining('ironflow.configure(') }),
    )
  })

  test('it can be closed', async () => {
    await expect(new Ironflow().close()).resolves.toBeUndefined()
  })
})

describe('once it is configured', () => {
  test('it is the same client for all', async () => {
    const urls = listingServer()
    const ironflow = new Ironflow()
    expect(ironflow.configure(options)).toBe(ironflow)
    expect(ironflow.configManager()).toBe(ironflow.config())
    expect(ironflow.kv()).toBe(ironflow.kv())
    expect(ironflow.events()).toBe(ironflow.events())
    expect(ironflow.status().state).toBe('idle')
    await ironflow.config().list()
    expect(urls).toEqual(['http://host/api/v1/config'])
  })

  test('configuring again closes the client before, and its watches', async () => {
    listingServer()
    const ironflow = new Ironflow().configure(options)
    const before = ironflow.config()
    const watcher = before.watch('limits', { onUpdate: () => undefined })
    ironflow.configure({ ...options, serverUrl: 'http://other' })
    expect(watcher.status.state).toBe('closed')
    await expect(before.list()).rejects.toMatchObject({ code: 'closed' })
    expect(ironflow.config()).not.toBe(before)
    await expect(ironflow.config().list()).resolves.toEqual([])
  })

  test('options that cannot be used leave the client as it was', async () => {
    listingServer()
    const ironflow = new Ironflow().configure(options)
    const before = ironflow.config()
    expect(() => ironflow.configure({ serverUrl: 'no address' })).toThrow(ValidationError)
    expect(ironflow.config()).toBe(before)
    await expect(before.list()).resolves.toEqual([])
  })

  test('closing ends it, until it is configured again', async () => {
    listingServer()
    const ironflow = new Ironflow().configure(options)
    const before = ironflow.config()
    await ironflow.close()
    await expect(before.list()).rejects.toMatchObject({ code: 'closed' })
    expect(() => ironflow.config()).toThrow(expect.objectContaining({ code: 'not_configured' }))
    await expect(ironflow.configure(options).config().list()).resolves.toEqual([])
  })
})
