import { mkdir, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { HighWaterMark, MARK_FILE, readMark } from '../../../src/engine/sqlite/high-water-mark'
import { temporaryDirectory } from './store-directory'

const EPOCH = '0123456789abcdef0123456789abcdef'
const NONE = { revision: 0, writtenBack: 0 }

const fail = (error: Error) => {
  throw error
}

async function marked(...revisions: number[]): Promise<{ directory: string; path: string }> {
  const directory = await temporaryDirectory()
  const mark = new HighWaterMark(directory, EPOCH, NONE, fail)
  for (const revision of revisions) mark.noteDurably(revision, revision === 9)
  mark.close()
  return { directory, path: join(directory, MARK_FILE) }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

it('the newest mark is read, whichever slot it is in', async () => {
  expect(readMark((await marked(9)).directory, EPOCH)).toEqual({ revision: 9, writtenBack: 9 })
  expect(readMark((await marked(9, 10)).directory, EPOCH)).toEqual({ revision: 10, writtenBack: 9 })
  expect(readMark((await marked(9, 10, 12_345)).directory, EPOCH)).toEqual({ revision: 12_345, writtenBack: 9 })
})

it('a damaged slot leaves the mark before it', async () => {
  const { directory, path } = await marked(9, 10, 11)
  const file = await open(path, 'r+')
  await file.write('99', 0)
  await file.close()
  expect(readMark(directory, EPOCH).revision).toBe(10)
})

it('a mark that is missing, or of another epoch, is none', async () => {
  const { directory, path } = await marked(9)
  expect(readMark(directory, EPOCH.replace('0', 'f'))).toEqual(NONE)
  await rm(path)
  expect(readMark(directory, EPOCH)).toEqual(NONE)
})

it('a mark that is there and cannot be read is refused', async () => {
  const { directory, path } = await marked(9)
  const refusal = expect.objectContaining({ code: 'unavailable', message: expect.stringMatching(/cannot be read/) })
  const { length } = await readFile(path)
  await truncate(path, length - 2)
  expect(() => readMark(directory, EPOCH)).toThrow(refusal)
  await writeFile(path, '')
  expect(() => readMark(directory, EPOCH)).toThrow(refusal)
  await writeFile(path, Buffer.alloc(8_192))
  expect(() => readMark(directory, EPOCH)).toThrow(refusal)
  await rm(path)
  await mkdir(path)
  expect(() => readMark(directory, EPOCH)).toThrow(refusal)
})

it('a mark that cannot be written is reported once', async () => {
  const onFailure = vi.fn()
  const mark = new HighWaterMark(join(await temporaryDirectory(), 'nowhere'), EPOCH, NONE, onFailure)
  mark.noteDurably(1, true)
  mark.note(2)
  vi.advanceTimersByTime(1_000)
  mark.note(3)
  mark.close()
  expect(onFailure).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'ENOENT' }))
})

it('marks are written at once after a pause, and else a second apart, the last one too', async () => {
  const directory = await temporaryDirectory()
  const revision = () => readMark(directory, EPOCH).revision
  const mark = new HighWaterMark(directory, EPOCH, NONE, fail)
  mark.noteDurably(1, true)
  mark.note(2)
  expect(revision()).toBe(2)
  mark.note(3)
  mark.note(4)
  expect(revision()).toBe(2)
  vi.advanceTimersByTime(1_000)
  expect(revision()).toBe(4)
  mark.note(5)
  expect(revision()).toBe(4)
  vi.advanceTimersByTime(1_000)
  expect(revision()).toBe(5)
  vi.advanceTimersByTime(1_000)
  mark.note(6)
  expect(revision()).toBe(6)
  mark.close()
})
