import { open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { HighWaterMark, MARK_FILE, readMark } from '../../../src/engine/sqlite/high-water-mark'
import { temporaryDirectory } from './store-directory'

const EPOCH = '0123456789abcdef0123456789abcdef'

async function marked(...revisions: number[]): Promise<{ directory: string; path: string }> {
  const directory = await temporaryDirectory()
  const mark = new HighWaterMark(directory, EPOCH)
  for (const revision of revisions) mark.write(revision)
  mark.close()
  return { directory, path: join(directory, MARK_FILE) }
}

it('the newest mark is read, whichever slot it is in', async () => {
  expect(readMark((await marked(9)).directory, EPOCH)).toBe(9)
  expect(readMark((await marked(9, 10)).directory, EPOCH)).toBe(10)
  expect(readMark((await marked(9, 10, 12_345)).directory, EPOCH)).toBe(12_345)
})

it('a damaged slot leaves the mark before it', async () => {
  const { directory, path } = await marked(9, 10, 11)
  const file = await open(path, 'r+')
  await file.write('99', 0)
  await file.close()
  expect(readMark(directory, EPOCH)).toBe(10)
})

it('a mark that is cut off, empty, missing or of another epoch is none', async () => {
  const { directory, path } = await marked(9)
  expect(readMark(directory, EPOCH.replace('0', 'f'))).toBe(0)
  const { length } = await readFile(path)
  await truncate(path, length - 2)
  expect(readMark(directory, EPOCH)).toBe(0)
  await writeFile(path, '')
  expect(readMark(directory, EPOCH)).toBe(0)
  await rm(path)
  expect(readMark(directory, EPOCH)).toBe(0)
})

it('a mark that cannot be written is left out', async () => {
  const mark = new HighWaterMark(join(await temporaryDirectory(), 'nowhere'), EPOCH)
  mark.write(1, true)
  mark.close()
})
