import type { IronflowError } from '../errors/ironflow-error'
import type { ValidationError } from '../errors/kinds'
import type { ClientFrame, ServerFrame } from '../protocol/frames'
import type { Link } from './link'
import type { Connection, ConnectionEnd, ConnectionSession } from './transport'

/** The beginning and the end of every connection over a {@link Link}; what happens in between is its transport's. */
export abstract class LinkConnection implements Connection {
  /** The server it is made to, whatever the link moves on to meanwhile. */
  protected readonly server: string
  private readonly controller = new AbortController()

  constructor(
    protected readonly link: Link,
    protected readonly session: ConnectionSession,
  ) {
    this.server = link.server
    this.begin(this.controller.signal).catch((thrown: unknown) => {
      // Closed meanwhile: then there is nothing that the server did wrong.
      if (!this.isOver) this.end({ error: link.failure(thrown, this.server) })
    })
  }

  abstract send(frame: ClientFrame): boolean

  /** Runs until it fails, or, where what it opens has callbacks of its own, until that is open. */
  protected abstract run(key: string | undefined, signal: AbortSignal): Promise<void>

  close(): void {
    this.controller.abort()
  }

  protected get isOver(): boolean {
    return this.controller.signal.aborted
  }

  protected receive(frame: ServerFrame | undefined): void {
    if (frame && !this.isOver) this.session.frame(frame)
  }

  /** Ends one subscription, which the server does not take; the others go on. */
  protected refuse(sub: string, error: IronflowError): void {
    const { code, message: detail, fields } = error as Partial<ValidationError> & IronflowError
    this.receive({ type: 'error', sub, code, detail, fields })
  }

  protected end(end: ConnectionEnd): void {
    if (this.isOver) return
    this.controller.abort()
    this.session.ended(end)
  }

  private async begin(signal: AbortSignal): Promise<void> {
    const key = await this.link.credentials.renew(signal)
    signal.throwIfAborted()
    this.session.begun()
    await this.run(key, signal)
  }
}
