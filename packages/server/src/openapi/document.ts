/** The OpenAPI document. */
export function openapiDocument(version: string): Record<string, unknown> {
  return { openapi: '3.1.0', info: { title: 'Ironflow', version } }
}
