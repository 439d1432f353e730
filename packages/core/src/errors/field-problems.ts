import { invalid, type ValidationError } from './kinds'

/** Problems that one error names at most; a body can have any number. */
const MAX_PROBLEMS = 32

/** Characters of a place that are repeated at most; the name of a member can have any number. */
const MAX_PLACE = 256

/** Collects what is wrong with one request, for the `fields` of its ValidationError. */
export class FieldProblems {
  // Without a prototype: a place may be called `__proto__`.
  private readonly fields: Record<string, string> = Object.create(null)
  private noted = 0

  /** Number of problems noted, those included that were not kept. */
  get count(): number {
    return this.noted
  }

  /** Whether no further problem is kept. Checks that could go on for long stop here. */
  get isFull(): boolean {
    return this.noted >= MAX_PROBLEMS
  }

  /** Notes a problem. The first of a place is kept, and the first 32 in all. */
  add(place: string, problem: string): void {
    if (!this.isFull) this.fields[place.length > MAX_PLACE ? `${place.slice(0, MAX_PLACE)}…` : place] ??= problem
    this.noted++
  }

  /** The error that names the problems; `undefined` if there are none. */
  error(): ValidationError | undefined {
    return this.noted > 0 ? invalid({ ...this.fields }) : undefined
  }

  /** @throws ValidationError if there are problems */
  throwIfAny(): void {
    const error = this.error()
    if (error) throw error
  }
}
