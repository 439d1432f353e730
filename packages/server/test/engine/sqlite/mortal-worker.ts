import { type MessagePort, parentPort } from 'node:worker_threads'

/** The worker as it is, but for one thing: a write to the key `die` ends it before anything is committed. */
function makeMortal(port: MessagePort): void {
  const on = port.on.bind(port)
  port.on = ((event: 'message', listener: (message: unknown) => void) =>
    on(event, (message: unknown) => {
      if (JSON.stringify(message).includes('"key":"die"')) throw new Error('died as it was told')
      listener(message)
    })) as MessagePort['on']
}

if (parentPort) makeMortal(parentPort)
await import('../../../src/engine/sqlite/worker')
