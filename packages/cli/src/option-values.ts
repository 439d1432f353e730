import { UsageError } from './usage-error'

/** Returns a parser of a whole number, 0 or more. @param name of the option or argument, for the error */
export function wholeNumber(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
      throw new UsageError(`${name} must be a whole number, not "${text}"`)
    }
    return value
  }
}

/** A parser for an option that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value]
}

/** The option of a write that is to happen only if its target is as it was: flags, text and parser. */
export const IF_REVISION = [
  '--if-revision <number>',
  'only if this is its newest revision; 0: only if it does not exist',
  wholeNumber('--if-revision'),
] as const
