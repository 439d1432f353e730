import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { inOneLine } from '../../src/output/json-form'
import { Output } from '../../src/output/output'

function recorded(isJson: boolean, terminal: { isTTY?: true; columns?: number } = {}) {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), terminal)
  return { output: new Output(stream, isJson), text: () => stream.read() ?? '' }
}

const table = { head: ['KEY'], rows: [['a']] }

describe('Output', () => {
  it('prints a result as lines, or as one JSON document', () => {
    const plain = recorded(false)
    plain.output.result({ a: 1 }, 'one', 'two')
    expect(plain.text()).toBe('one\ntwo\n')
    const json = recorded(true)
    json.output.result({ a: 1 }, 'one')
    expect(JSON.parse(json.text())).toEqual({ a: 1 })
  })

  it('prints bytes in JSON as base64, and says so', () => {
    const { output, text } = recorded(true)
    output.result({ key: 'k', value: new Uint8Array([255, 0]) })
    expect(JSON.parse(text())).toEqual({ key: 'k', value: '/wA=', encoding: 'base64' })
  })

  it('prints an empty list as a sentence on a terminal, and as nothing elsewhere', () => {
    const none = { head: ['KEY'], rows: [] }
    const terminal = recorded(false, { isTTY: true })
    terminal.output.list([], none, 'There are no keys.')
    expect(terminal.text()).toBe('There are no keys.\n')
    const pipe = recorded(false)
    pipe.output.list([], none, 'There are no keys.')
    expect(pipe.text()).toBe('')
    const json = recorded(true)
    json.output.list([], none, 'There are no keys.')
    expect(JSON.parse(json.text())).toEqual([])
  })

  it('prints whole lines on a terminal of unknown width', () => {
    for (const columns of [0, undefined]) {
      const { output, text } = recorded(false, { isTTY: true, ...(columns === undefined ? {} : { columns }) })
      output.list(['a'], table, '')
      expect(text()).toBe('KEY\na\n')
    }
  })

  it('waits until the reader of events takes more', async () => {
    const stream = new PassThrough({ highWaterMark: 4 })
    const output = new Output(stream, true)
    let printed = 0
    const printing = output.event({ n: 1 }, '').then(() => {
      printed += 1
    })
    await Promise.resolve()
    expect(printed).toBe(0)
    stream.resume()
    await printing
    expect(printed).toBe(1)
  })
})

describe('inOneLine', () => {
  it.each<[unknown, string]>([
    [{ a: [1, null] }, '{"a":[1,null]}'],
    ['a\nb', '"a\\nb"'],
    ['\u001b[31m\u009b31m', '"\\u001b[31m\\u009b31m"'],
    [new Uint8Array(3), '<3 bytes>'],
    [undefined, ''],
  ])('%j is %s', (value, line) => {
    expect(inOneLine(value)).toBe(line)
  })
})
