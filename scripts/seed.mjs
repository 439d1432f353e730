/** What the flags page shows to begin with, by path of the HTTP API. */
const SEEDS = {
  'config/app-settings': {
    theme: 'seagreen',
    banner: 'This text is a field of a config document.',
    maintenance: false,
  },
  'kv/buckets/flags/keys/new-checkout': false,
  'kv/buckets/flags/keys/dark-mode': true,
}

/** Writes what is not there yet: what somebody changed stays. */
export async function seed(url) {
  for (const [path, value] of Object.entries(SEEDS)) {
    const answer = await fetch(`${url}/api/v1/${path}`, {
      method: path.startsWith('config/') ? 'POST' : 'PUT',
      headers: { 'content-type': 'application/json', 'if-none-match': '*' },
      body: JSON.stringify(value),
    })
    if (!answer.ok && answer.status !== 412) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  }
}
