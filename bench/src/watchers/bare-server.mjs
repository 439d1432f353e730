import { fileURLToPath } from 'node:url'
import { freePort, start, untilAnswers } from '../processes.mjs'

/** Starts the bare server of `bare-broadcast.mjs`. */
export async function startBareBroadcast() {
  const port = await freePort()
  const { stop } = start(process.execPath, [fileURLToPath(new URL('bare-broadcast.mjs', import.meta.url)), `${port}`])
  const url = `http://127.0.0.1:${port}`
  await untilAnswers(url)
  return { url, socketUrl: `ws://127.0.0.1:${port}`, stop }
}

/** The message by which a watcher of a bucket hears of a change: what the bare server is to send. */
export async function sampleFrame(serverUrl, apiKey, bucket, change) {
  const watched = await fetch(`${serverUrl}/api/v1/kv/buckets/${bucket}/watch?updatesOnly=true`, {
    headers: { authorization: `Bearer ${apiKey}`, accept: 'text/event-stream' },
  })
  let text = ''
  const utf8 = new TextDecoder()
  for await (const chunk of watched.body) {
    const before = text
    text += utf8.decode(chunk, { stream: true })
    if (text.includes('event: synced') && !before.includes('event: synced')) await change()
    const found = /^event: kv_update\n(?:id: .*\n)?data: (.*)\n/m.exec(text)
    if (found) return found[1]
  }
  throw new Error('the stream ended without a change')
}
