import { engineContract } from '@ironflow/server/testing'
import { LivesEngine } from '../support/lives-engine'

engineContract('test engine with lives', async (options) => {
  const engine = new LivesEngine(options)
  return { engine, replace: (bucket) => engine.replace(bucket), cleanup: () => engine.close() }
})
