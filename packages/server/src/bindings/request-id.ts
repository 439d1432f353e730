/** Random once per process, then counted: unique enough for a log, and nearly free. */
const seed = crypto.randomUUID().slice(0, 13)
let count = 0

/** A name for a request that brought none. */
export function newRequestId(): string {
  count = (count + 1) % Number.MAX_SAFE_INTEGER
  return `${seed}-${count.toString(36)}`
}

/** The client's name for its request, if it is one that can stand in a log and a header, else a new one. */
export function requestIdFrom(header: string | undefined): string {
  return header !== undefined && /^[A-Za-z0-9._:-]{1,128}$/.test(header) ? header : newRequestId()
}
