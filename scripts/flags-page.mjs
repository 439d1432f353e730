import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from './run.mjs'

/** Where Vite's pages usually are. */
const PORT = 5173

/**
 * Serves `examples/flags-page` on this machine with Vite, so that the page changes when its source does.
 *
 * @param {string} serverUrl the Ironflow server that the page follows
 */
export async function openPage(serverUrl) {
  const { createServer } = await import(pathToFileURL(vitePath()).href)
  const http = createHttpServer()
  const vite = await createServer({
    root: join(ROOT, 'examples/flags-page'),
    configFile: false,
    logLevel: 'warn',
    define: { 'import.meta.env.VITE_IRONFLOW_SERVER_URL': JSON.stringify(serverUrl) },
    // As middleware: a server of Vite's own ends the whole process on SIGTERM, before anything else is put in order.
    server: { middlewareMode: { server: http }, hmr: { server: http } },
  })
  http.on('request', vite.middlewares)
  await listen(http)
  return {
    url: `http://127.0.0.1:${http.address().port}/`,
    async close() {
      await vite.close()
      http.closeAllConnections()
      http.close()
    },
  }
}

/** Vite is a dependency of the examples, not of the repository's root; and there before this is called, not before. */
function vitePath() {
  return createRequire(join(ROOT, 'examples/package.json')).resolve('vite')
}

/** Takes any port where the usual one is busy: the page's address is printed, nobody has to know it. */
async function listen(http) {
  try {
    http.listen(PORT, '127.0.0.1')
    await once(http, 'listening')
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
  }
}
