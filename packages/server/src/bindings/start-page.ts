import type { HttpRequest, HttpResponse } from './message'

/** A route that the start page names, and what it is for. */
interface Route {
  readonly path: string
  readonly purpose: string
  /** True: it needs a key on a server with authentication. */
  readonly needsKey: boolean
}

const ROUTES: readonly Route[] = [
  { path: '/api/v1/openapi.json', purpose: 'the API, as an OpenAPI document', needsKey: true },
  { path: '/ready', purpose: 'the readiness of this server', needsKey: false },
  { path: '/metrics', purpose: 'metrics, for Prometheus', needsKey: true },
]

/**
 * Answers `GET /` for people: an HTML page to a browser, text to anything else. The page is readable without a key, so
 * it has neither versions nor paths of this machine.
 *
 * @param needsKey false: the server has no authentication
 */
export function startPage(request: HttpRequest, needsKey: boolean): HttpResponse {
  const wantsHtml = request.header('accept')?.includes('text/html') === true
  const headers = {
    'content-type': `${wantsHtml ? 'text/html' : 'text/plain'}; charset=utf-8`,
    'cache-control': 'no-store',
    vary: 'accept',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  }
  return { status: 200, headers, body: wantsHtml ? html(needsKey) : text(needsKey) }
}

const TITLE = 'This is an Ironflow server: live config documents and key-value buckets.'

function keyText(needsKey: boolean): string {
  return needsKey
    ? 'Every call needs an API key, as "Authorization: Bearer <key>". The first one is in bootstrap-key.json in the data directory.'
    : 'No API key is needed; only this machine is answered.'
}

function tryText(needsKey: boolean): string {
  return `${needsKey ? 'IRONFLOW_API_KEY=<key> ' : ''}ironflow config set limits '{"seats": 5}'`
}

function purposeOf(route: Route, needsKey: boolean): string {
  return needsKey && route.needsKey ? `${route.purpose} (needs a key)` : route.purpose
}

function text(needsKey: boolean): string {
  const routes = ROUTES.map((route) => `  ${route.path.padEnd(24)}${purposeOf(route, needsKey)}`)
  return [TITLE, keyText(needsKey), `Try: ${tryText(needsKey)}`, '', ...routes, ''].join('\n')
}

function html(needsKey: boolean): string {
  // Relative, for proxies that serve it under a path.
  const routes = ROUTES.map(
    (route) => `<li><a href=".${route.path}">${route.path}</a>: ${purposeOf(route, needsKey)}</li>`,
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Ironflow</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }</style>
<h1>Ironflow</h1>
<p>${TITLE}</p>
<p>${escaped(keyText(needsKey))}</p>
<p>Try: <code>${escaped(tryText(needsKey))}</code></p>
<ul>
${routes.join('\n')}
</ul>
</html>
`
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
