import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CommandFailed, ROOT } from './run.mjs'

/** The usual port of Vite's pages. */
const USUAL_PORT = 5173

/**
 * Serves `examples/flags-page` on this machine with Vite, so that the page changes when its source does.
 *
 * @param {string} serverUrl the Ironflow server that the page follows
 * @param {string} [port] the port to take; default: the usual one, or any where that is in use
 * @throws {CommandFailed} for a port that cannot be had
 */
export async function openPage(serverUrl, port) {
  if (port !== undefined && !isPort(port)) {
    throw new CommandFailed('npm start', 1, `IRONFLOW_PAGE_PORT must be 0 to 65535, not "${port}"`)
  }
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
  try {
    await listen(http, port)
  } catch (error) {
    await vite.close()
    throw error
  }
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

/** A port that was asked for is taken or missed; of the usual one nothing depends, since the address is printed. */
async function listen(http, port) {
  try {
    await listenOn(http, port ?? USUAL_PORT)
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error
    if (port !== undefined) {
      const advice = 'To take another one: IRONFLOW_PAGE_PORT=5200 npm start'
      throw new CommandFailed('npm start', 1, `port ${port}, for the page, is in use. ${advice}`)
    }
    await listenOn(http, 0)
  }
}

async function listenOn(http, port) {
  http.listen(Number(port), '127.0.0.1')
  await once(http, 'listening')
}

function isPort(text) {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65535
}
