import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { start } from '../processes.mjs'

/** Opening ten thousand sockets takes its time, also on a busy machine. */
const PATIENCE_MS = 120_000

/**
 * Many watchers in a process of their own: what they need of the processor is not the server's, and not the writer's.
 *
 * @param {'sdk' | 'sockets' | 'bare'} kind which file of this folder is run
 * @param {object} options what that file takes
 */
export async function startCrowd(kind, options) {
  const file = fileURLToPath(new URL(`${kind}-crowd.mjs`, import.meta.url))
  const { child, stop } = start(process.execPath, [file, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  })
  const next = async () => {
    const waiting = new AbortController()
    try {
      const signal = AbortSignal.any([waiting.signal, AbortSignal.timeout(PATIENCE_MS)])
      const gone = once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`the ${kind} crowd exited with ${code}`)
      })
      const [message] = await Promise.race([once(child, 'message', { signal }), gone])
      return message
    } finally {
      waiting.abort()
    }
  }
  try {
    await next()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    /** What the crowd says next. */
    next,
    ask(question) {
      child.send(question)
      return next()
    },
    stop,
  }
}
