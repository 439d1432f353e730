/** One moment, by the wall clock and by the monotonic clock of the engine, in milliseconds. */
export interface Moment {
  readonly now: number
  readonly uptime: number
}
