import { Client } from '../../src/client'
import type { IronflowError } from '../../src/errors/ironflow-error'
import type { ErrorContext } from '../../src/hooks'
import type { ClientOptions } from '../../src/options'
import type { Reply } from '../../src/protocol/call'
import type { ClientFrame, KvUpdateFrame, ServerFrame, Subscription } from '../../src/protocol/frames'
import type { Connection, ConnectionEnd, ConnectionSession, Transport } from '../../src/transport/transport'
import type { ClientStatus } from '../../src/watch/status'
import { FakePlatform, settle } from '../fake-platform'

/** A connection whose other end is the test. As every real one, it tells nothing after it was closed or has ended. */
export class FakeConnection implements Connection {
  readonly sent: ClientFrame[] = []
  asked: Subscription[] = []
  isOver = false
  /** Whether it can be told what else to follow, as a WebSocket can. */
  takesMore = true

  constructor(
    private readonly session: ConnectionSession,
    readonly madeAt: number,
  ) {}

  send(frame: ClientFrame): boolean {
    this.sent.push(frame)
    return this.takesMore || frame.type === 'unsubscribe'
  }

  close(): void {
    this.isOver = true
  }

  get environment(): string | undefined {
    return this.session.environment
  }

  /** Asks what to follow, as a connection does that comes about. */
  ask(): Subscription[] {
    if (!this.isOver) this.asked = this.session.subscriptions()
    return this.asked
  }

  /** What the peer does. */
  open(heartbeatMs = 15_000): void {
    this.ask()
    this.receive(welcome(heartbeatMs))
  }

  receive(...frames: ServerFrame[]): void {
    for (const frame of frames) if (!this.isOver) this.session.frame(frame)
  }

  /** Opens, and says of all that was asked for that there is nothing. */
  openInSync(cursor = 'e-1-1'): void {
    this.open()
    for (const { id } of this.asked) this.receive({ type: 'synced', sub: id, cursor })
  }

  end(error: IronflowError, isOpaque = false): void {
    if (this.isOver) return
    this.isOver = true
    this.session.ended({ error, isOpaque } satisfies ConnectionEnd)
  }

  types(): string[] {
    return this.sent.map(({ type }) => type)
  }
}

/** A transport of fake connections, which counts how many are there at once. */
export class FakeWatchTransport implements Transport {
  readonly connections: FakeConnection[] = []
  mostAtOnce = 0

  constructor(private readonly platform: FakePlatform) {}

  connect(session: ConnectionSession): FakeConnection {
    const connection = new FakeConnection(session, this.platform.elapsed)
    this.connections.push(connection)
    this.mostAtOnce = Math.max(this.mostAtOnce, this.open.length)
    return connection
  }

  get open(): FakeConnection[] {
    return this.connections.filter(({ isOver }) => !isOver)
  }

  call(): Promise<Reply<never>> {
    return Promise.resolve({ result: { name: 'limits', data: {}, revision: 1, updatedAt: TIME } } as Reply<never>)
  }

  endpoint(): string {
    return 'fake'
  }

  close(): void {}
}

/** A client whose connections are the test's, with everything a test looks at. */
export function watchWorld(options: ClientOptions = {}) {
  const platform = new FakePlatform()
  const transport = new FakeWatchTransport(platform)
  const failures: Array<{ error: IronflowError; context: ErrorContext }> = []
  const statuses: ClientStatus[] = []
  const onError = (error: IronflowError, context: ErrorContext) => failures.push({ error, context })
  const onStatus = (status: ClientStatus) => statuses.push(status)
  const client = new Client({ transport, onError, onStatus, ...options }, platform)
  const { connections } = transport
  const bucket = client.kv().bucket('b')
  /** The newest connection, as soon as what was just done has had its effect. */
  const last = async (): Promise<FakeConnection> => {
    await settle()
    const connection = connections.at(-1)
    if (!connection) throw new Error('there was no connection yet')
    return connection
  }
  return {
    platform,
    transport,
    connections,
    failures,
    statuses,
    client,
    bucket,
    last,
    states: () => statuses.map(({ state }) => state),
    told: () => failures.map(({ error, context }) => [context.method, error.code]),
  }
}

/** When everything in these tests happened, as far as it is all the same. */
export const TIME = '2026-01-01T00:00:00.000Z'

export function welcome(heartbeatMs = 15_000): ServerFrame {
  return { type: 'welcome', protocol: 1, features: [], environment: 'default', heartbeatMs, serverTime: TIME }
}

/** A value that is there already. */
export function value(key: string, revision: number, data: unknown = revision, sub = '1'): KvUpdateFrame {
  return { ...changed(key, revision, data, sub), cursor: undefined, initial: true }
}

/** A value that was put, with the cursor that this leads to. */
export function changed(key: string, revision: number, data: unknown = revision, sub = '1'): KvUpdateFrame {
  return {
    type: 'kv_update',
    sub,
    bucket: 'b',
    key,
    value: data,
    encoding: 'json',
    operation: 'put',
    revision,
    epoch: 'e',
    createdAt: TIME,
    cursor: cursor(revision),
  }
}

/** A deletion of a key. */
export function deleted(key: string, revision: number, sub = '1'): KvUpdateFrame {
  const { value: _, encoding: __, ...frame } = changed(key, revision, undefined, sub)
  return { ...frame, operation: 'delete' }
}

export function synced(revision: number, sub = '1'): ServerFrame {
  return { type: 'synced', sub, cursor: cursor(revision) }
}

export function cursor(revision: number, epoch = 'e'): string {
  return `${epoch}-${revision}-${revision}`
}
