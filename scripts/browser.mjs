// The Chromium that the browser tests run in: one that is there, or one from the system's packages.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CommandFailed, isMain, main, run, step } from './run.mjs'

/** What it is called, by those who package it. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The path of a Chromium on this machine; `undefined` where there is none. */
export function findBrowser() {
  const { IRONFLOW_CHROMIUM, PATH = '' } = process.env
  if (IRONFLOW_CHROMIUM) return IRONFLOW_CHROMIUM
  const folders = PATH.split(delimiter).filter(Boolean)
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

/** As {@link findBrowser}, but where there is none, one is installed if this system and this user can. */
export async function ensureBrowser() {
  const found = findBrowser()
  if (found !== undefined) return found
  // What counts is only whether there is a browser now; why not, the reader may find out here.
  await step('install a browser for the tests', install).catch(({ message }) => process.stderr.write(`${message}\n`))
  const installed = findBrowser()
  if (installed !== undefined) return installed
  const help =
    'the browser tests need it. Install it (on Debian: apt-get install chromium), ' +
    'or set IRONFLOW_CHROMIUM to the path of a Chromium or Chrome.'
  throw new CommandFailed('chromium', 1, help)
}

async function install() {
  const apt = process.getuid?.() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get']
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const get = (...args) => run(apt[0], [...apt.slice(1), ...args], { env })
  // The list of packages first: one that is missing or old is the usual reason why an installation fails.
  await get('update', '-q')
  await get('install', '-y', '-q', '--no-install-recommends', 'chromium')
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

if (isMain(import.meta.url)) await main(async () => process.stdout.write(`${await ensureBrowser()}\n`))
