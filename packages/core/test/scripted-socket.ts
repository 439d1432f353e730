/** A WebSocket whose other end is the test. */
export class ScriptedSocket extends EventTarget {
  static made: ScriptedSocket[] = []
  /** What the constructor throws, as a browser's does for an address that a page may not use. */
  static refusal: Error | undefined

  readonly sent: string[] = []
  closings = 0

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    super()
    if (ScriptedSocket.refusal) throw ScriptedSocket.refusal
    ScriptedSocket.made.push(this)
  }

  send(text: string): void {
    this.sent.push(text)
  }

  close(): void {
    this.closings++
  }

  open(): void {
    this.dispatchEvent(new Event('open'))
  }

  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  /** As in browsers, a failure is two events. */
  fail(): void {
    this.dispatchEvent(new Event('error'))
    this.end(1006, '')
  }

  end(code: number, reason: string): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }))
  }

  static reset(): void {
    ScriptedSocket.made = []
    ScriptedSocket.refusal = undefined
  }
}

/** As the type of the real thing, of which the SDK uses only this. */
export const ScriptedWebSocket = ScriptedSocket as unknown as typeof WebSocket
