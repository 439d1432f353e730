/** The path of a Chromium on this machine; `undefined` where there is none. */
export function findBrowser(): string | undefined

/** As {@link findBrowser}, but where there is none, one is installed if this system and this user can. */
export function ensureBrowser(): Promise<string>
