import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { isIronflowError } from '@ironflow/core/errors'
import type { FromWorker, ToWorker, WorkerStart, Write } from './messages'
import { Writer } from './writer'

/** Writes that one transaction takes at most: more wait for the next, so that none waits too long for its answer. */
const BATCH_WRITES = 512
const BATCH_BYTES = 8 * 1024 * 1024

/** Writes that may change some hundred rows at once: a transaction has one of them, as its last. */
const STEPS: ReadonlySet<Write['do']> = new Set(['settle', 'updateBucket', 'bringInLine', 'deleteBucket'])

/**
 * The thread that commits. While it waits for the disk, writes gather at its port; it takes them all into the next
 * transaction, so the slower the disk the larger the batches.
 */
function serve(port: MessagePort): void {
  const send = (message: FromWorker) => port.postMessage(message)
  const writer = open(send)
  if (!writer) return
  const waiting: Write[] = []
  let closing = false
  let uptime = 0

  const take = (message: ToWorker) => {
    if (message === 'close') {
      closing = true
      return
    }
    waiting.push(...message.writes)
    uptime = message.uptime
  }

  port.on('message', (message: ToWorker) => {
    take(message)
    for (;;) {
      for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) take(more.message)
      if (waiting.length === 0) break
      send(writer.commit(nextBatch(waiting), uptime))
      writer.noteMark()
    }
    if (!closing) return
    writer.close()
    port.close()
  })
}

function open(send: (message: FromWorker) => void): Writer | undefined {
  try {
    const writer = new Writer(workerData as WorkerStart, (message) => send({ kind: 'warning', message }))
    send({ kind: 'opened', revision: writer.revision })
    return writer
  } catch (error) {
    send({ kind: 'refused', code: isIronflowError(error) ? error.code : 'internal', message: (error as Error).message })
    return undefined
  }
}

function nextBatch(waiting: Write[]): Write[] {
  let count = 0
  let bytes = 0
  for (const write of waiting) {
    count++
    if (write.do === 'put') bytes += write.bytes
    if (count === BATCH_WRITES || bytes >= BATCH_BYTES || STEPS.has(write.do)) break
  }
  return waiting.splice(0, count)
}

if (parentPort) serve(parentPort)
