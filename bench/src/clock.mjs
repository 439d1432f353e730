/** Milliseconds on a clock that all processes of one machine share, and that nobody sets. */
export const clock = () => Number(process.hrtime.bigint()) / 1e6

/** The figure that a share of all figures (0.99: 99 in a hundred) does not exceed. */
export function percentile(figures, share) {
  const sorted = Float64Array.from(figures).sort()
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}
