import { cpus } from 'node:os'

/** How busy the machine may be with other things while something is measured, 0 … 1. */
const BUSY = 0.15
const LOOK_MS = 400
const PATIENCE_MS = 45_000

/**
 * Waits until the machine has little else to do, for at most 45 seconds: a shared machine slows whatever has more
 * threads more than what it is compared with. Measures in any case.
 */
export async function untilQuiet() {
  const endsAt = performance.now() + PATIENCE_MS
  while (performance.now() < endsAt && (await busyShare()) > BUSY);
}

async function busyShare() {
  const before = times()
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  const after = times()
  return 1 - (after.idle - before.idle) / (after.all - before.all)
}

function times() {
  const sum = { idle: 0, all: 0 }
  for (const { times: each } of cpus()) {
    sum.idle += each.idle
    sum.all += Object.values(each).reduce((total, ms) => total + ms, 0)
  }
  return sum
}
