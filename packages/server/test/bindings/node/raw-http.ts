import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** A connection whose every byte is the test's own. */
export class RawConnection {
  received = ''
  private readonly socket: Socket
  readonly closed: Promise<void>

  /** @param allowHalfOpen whether its side stays open when the server ends the connection */
  constructor(port: number, { tls = false, allowHalfOpen = false } = {}) {
    const to = { port, host: '127.0.0.1', allowHalfOpen }
    // The certificate is as old as the tests: some clock may find it too young.
    this.socket = tls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to)
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => {
      this.received += text
    })
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()))
  }

  send(text: string | Buffer): void {
    this.socket.write(text)
  }

  /** Sends all of it without reading a byte meanwhile, and rejects where the connection did not take it. */
  async sendUnread(...parts: (string | Buffer)[]): Promise<void> {
    this.socket.pause()
    for (const part of parts) {
      await new Promise<void>((resolve, reject) => {
        this.socket.write(part, (error) => (error ? reject(error) : resolve()))
      })
    }
    this.socket.resume()
  }

  /** Stops reading, and goes on with it. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  end(): void {
    this.socket.destroy()
  }

  /** Ends the connection in a way that the server notices although it does not read. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  /** Waits until what came holds `text`. */
  async until(text: string): Promise<string> {
    const deadline = Date.now() + 5_000
    while (!this.received.includes(text)) {
      if (Date.now() > deadline) throw new Error(`waited for ${text}, got ${JSON.stringify(this.received)}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return this.received
  }
}
