import { Histogram } from './histogram'

const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Requests and their latencies in seconds, by method and code. Labels come from two closed sets, so it is bounded. */
export class RequestStats {
  private readonly byMethod = new Map<string, Map<string, Histogram>>()

  observe(method: string, code: string, seconds: number): void {
    const histogram = this.byMethod.get(method)?.get(code) ?? this.add(method, code)
    histogram.observe(seconds)
  }

  private add(method: string, code: string): Histogram {
    const byCode = this.byMethod.get(method) ?? new Map<string, Histogram>()
    const histogram = new Histogram(BOUNDS)
    this.byMethod.set(method, byCode.set(code, histogram))
    return histogram
  }

  *entries(): Generator<{ method: string; code: string; histogram: Histogram }> {
    for (const [method, byCode] of this.byMethod) {
      for (const [code, histogram] of byCode) yield { method, code, histogram }
    }
  }
}
