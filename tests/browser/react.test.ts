import { fileURLToPath } from 'node:url'
import type { IronflowClient } from '@ironflow/node'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { useBrowserWorld } from '../support/browser-world'

declare global {
  /** Shows a page of cells in the browser; the returned function takes it away. */
  function mountSeats(client: IronflowClient, cells: number): () => void
}

const world = useBrowserWorld()

/** React in development, which mounts every component of StrictMode twice. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { createRoot } from 'react-dom/client'
        import { seatsPage } from './support/react-page'
        globalThis.mountSeats = (client, cells) => {
          const root = createRoot(document.body.appendChild(document.createElement('div')))
          root.render(seatsPage(client, cells))
          return () => root.unmount()
        }`,
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
    },
    bundle: true,
    write: false,
    define: { 'process.env.NODE_ENV': '"development"' },
  })
  return outputFiles[0]?.text ?? ''
}

async function watchers(): Promise<number> {
  const headers = { authorization: `Bearer ${world.server.apiKey}` }
  const text = await (await fetch(`${world.server.url}/metrics`, { headers })).text()
  return Number(/^ironflow_watchers\{transport="websocket"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

it('fifty components in StrictMode follow one document over one watch, which ends after the last of them', async () => {
  await world.admin.config().set('limits', { seats: 5 })
  const { page, client } = await world.open({ apiKey: await world.key('viewer') })
  await page.addScriptTag({ content: await bundle() })
  const texts = () => page.evaluate(() => [...new Set([...document.querySelectorAll('p')].map((p) => p.textContent))])

  const unmount = await client.evaluateHandle((client) => mountSeats(client, 50))
  await expect.poll(texts).toEqual(['5 seats'])
  expect(await page.evaluate(() => document.querySelectorAll('p').length)).toBe(50)
  expect(await watchers()).toBe(1)
  await world.admin.config().set('limits', { seats: 6 })
  await expect.poll(texts).toEqual(['6 seats'])

  await unmount.evaluate((unmount) => unmount())
  await expect.poll(watchers).toBe(0)
  await world.admin.config().set('limits', { seats: 7 })
  await client.evaluate((client) => mountSeats(client, 1))
  await expect.poll(texts).toEqual(['7 seats'])
})
