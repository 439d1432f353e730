import type { World } from './world'

/** The sum of a metric's samples, of those that have all these labels: `transport="sse"`. */
export async function metricOf(world: World, name: string, ...labels: string[]): Promise<number> {
  const lines = (await (await world.request('/metrics')).text()).split('\n')
  const samples = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  const wanted = samples.filter((line) => labels.every((label) => line.includes(label)))
  return wanted.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}
