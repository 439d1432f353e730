import { rm } from 'node:fs/promises'
import { engineContract } from '@ironflow/server/testing'
import { makeDirectory, openIn } from './store-directory'

engineContract('sqlite', async (options) => {
  const directory = await makeDirectory()
  let engine = await openIn(directory, options)
  return {
    engine,
    reopen: async () => {
      await engine.close()
      engine = await openIn(directory, options)
      return engine
    },
    cleanup: async () => {
      await engine.close()
      await rm(directory, { recursive: true })
    },
  }
})
