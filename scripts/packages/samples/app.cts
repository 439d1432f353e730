// A service in strict TypeScript, as CommonJS. It is compiled, and never run.
import ironflow = require('@ironflow/node')

const client = ironflow.createClient()

export async function count(): Promise<number> {
  const { data } = await client.config().get<{ count: number }>('counters')
  return data.count
}
