import { openSqliteEngine } from '../../../src/engine/sqlite/open-engine'

/**
 * A process that writes until it is killed: `put` after `put` from several writers, and one line of standard output for
 * each that was acknowledged, written before the next begins.
 */
const [directory = '', writers = '4', round = '0'] = process.argv.slice(2)

const engine = await openSqliteEngine({
  directory,
  bucketDefaults: { history: 3, maxValueSize: 1_000_000 },
  workerUrl: new URL('./sqlite-worker.mjs', import.meta.url),
})
process.stdout.write('open\n')

async function write(writer: number): Promise<void> {
  for (let n = 0; ; n++) {
    const key = `w${writer}.${n % 20}`
    const text = `${round} ${writer} ${n} `.padEnd((n * 37) % 3_000, 'x')
    const { revision } = await engine.put('b', key, { encoding: 'text', text })
    process.stdout.write(`${JSON.stringify({ key, revision, start: text.slice(0, 20), length: text.length })}\n`)
  }
}

for (let writer = 0; writer < Number(writers); writer++) void write(writer)
