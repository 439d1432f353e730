import type { IronflowError } from '../errors/ironflow-error'
import type { ValidationError } from '../errors/kinds'
import type { ClientFrame, ServerFrame } from '../protocol/frames'
import type { Link } from './link'
import type { Connection, ConnectionEnd, ConnectionSession } from './transport'

/** How every connection begins, ends and is closed; what happens in between is its transport's. */
export abstract class LinkConnection implements Connection {
  private readonly controller = new AbortController()

  constructor(
    protected readonly link: Link,
    protected readonly session: ConnectionSession,
  ) {
    this.begin(this.controller.signal).catch((thrown: unknown) => {
      // Closed meanwhile: then there is nobody to tell, and nothing that the server did wrong.
      if (!this.isOver) this.end({ error: link.failure(thrown) })
    })
  }

  abstract send(frame: ClientFrame): boolean

  /** Runs until it fails, or, where what it has opened tells of itself, until that is open. */
  protected abstract run(key: string | undefined, signal: AbortSignal): Promise<void>

  close(): void {
    this.controller.abort()
  }

  protected get isOver(): boolean {
    return this.controller.signal.aborted
  }

  protected tell(frame: ServerFrame | undefined): void {
    if (frame && !this.isOver) this.session.frame(frame)
  }

  /** Tells that the server does not take this subscription; the others go on. */
  protected refuse(sub: string, error: IronflowError): void {
    const { code, message: detail, fields } = error as Partial<ValidationError> & IronflowError
    this.tell({ type: 'error', sub, code, detail, fields })
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
