// Records docs/live-update.png: commands that are run in a terminal, and the page that follows.
//
//   node scripts/record.mjs        after a build; wants a Chromium
import { exec } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { animatedPng } from './animated-png.mjs'
import { ensureBrowser } from './browser.mjs'
import { openPage } from './flags-page.mjs'
import { isMain, main, ROOT } from './run.mjs'
import { seed } from './seed.mjs'
import { startServer } from './server-process.mjs'

const FILE = join(ROOT, 'docs/live-update.png')
const SIZE = { width: 880, height: 716 }

/** What is typed, in `examples`. Each changes one row of the page. */
const COMMANDS = [
  'npx tsx src/set-flag.ts new-checkout on',
  'npx tsx src/set-flag.ts beta-search on',
  `curl -s -X PATCH $IRONFLOW_SERVER_URL/api/v1/config/app-settings --json '{"theme": "crimson"}'`,
]

/** The page above, a terminal below. */
const STAGE = `<!doctype html>
<style>
  body { margin: 0; display: grid; grid-template-rows: 1fr 8.5rem; height: 100vh; background: #14171a }
  iframe { border: 0; width: 100%; height: 100% }
  pre { margin: 0; padding: 0.75rem 1rem; color: #e8eaed; font: 14px/1.5 monospace;
        display: flex; flex-direction: column; justify-content: end; white-space: pre-wrap }
</style>
<iframe></iframe><pre></pre>`

async function record() {
  const { chromium } = createRequire(join(ROOT, 'tests/package.json'))('playwright-core')
  const executablePath = await ensureBrowser()
  const server = await startServer({ args: ['--dev'] })
  const opened = [server.stop]
  try {
    await seed(server.url)
    const page = await openPage(server.url)
    opened.unshift(page.close)
    const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
    opened.unshift(() => browser.close())
    const stage = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 2, colorScheme: 'light' })
    const frames = await play(stage, page.url, server.url)
    const image = animatedPng(frames)
    await writeFile(FILE, image)
    console.log(`${FILE}: ${frames.length} images, ${Math.round(image.length / 1024)} kB`)
  } finally {
    for (const close of opened) await close()
  }
}

/** Runs each command for real, and takes pictures: before, when the page has changed, and when the colour has faded. */
async function play(stage, pageUrl, serverUrl) {
  const frames = []
  const lines = []
  const picture = async (ms) => {
    await stage.locator('pre').evaluate((terminal, text) => {
      terminal.textContent = text
    }, lines.slice(-5).join('\n'))
    frames.push({ png: await stage.screenshot(), ms })
  }
  await stage.setContent(STAGE)
  await stage.locator('iframe').evaluate((frame, url) => {
    frame.src = url
  }, pageUrl)
  const content = stage.frameLocator('iframe')
  await content.locator('#status[data-state=live]').waitFor()
  await content.locator('#flags tr').nth(1).waitFor()
  const frame = stage.frame({ url: pageUrl })

  lines.push('$ ')
  await picture(1500)
  for (const command of COMMANDS) {
    lines.splice(-1, 1, `$ ${command}`)
    await picture(1500)
    const running = promisify(exec)(command, {
      cwd: join(ROOT, 'examples'),
      env: { ...process.env, IRONFLOW_SERVER_URL: serverUrl },
    })
    await frame.waitForFunction(() => document.getAnimations().length > 0)
    const { stdout } = await running
    lines.push(stdout.trim(), '$ ')
    await picture(2000)
    await frame.waitForFunction(() => document.getAnimations().length === 0)
    await picture(1000)
  }
  return frames
}

if (isMain(import.meta.url)) await main(record)
