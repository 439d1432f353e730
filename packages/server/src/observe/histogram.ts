/** Counts by upper bound. A bare array, since observing is on the way of every request. */
export class Histogram {
  /** One more than bounds: the last counts what is above them all. Not cumulative. */
  readonly counts: number[]
  sum = 0
  count = 0

  /** @param bounds upper bounds, ascending */
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    let index = 0
    while (index < this.bounds.length && value > (this.bounds[index] as number)) index++
    this.counts[index] = (this.counts[index] as number) + 1
    this.sum += value
    this.count++
  }
}
