import { describe, expect, test } from 'vitest'
import type { IronflowError } from '../../src/errors/ironflow-error'
import { UnauthenticatedError } from '../../src/errors/kinds'
import { toProblem } from '../../src/errors/problem'
import type { Call } from '../../src/protocol/call'
import type { CallFrame, ClientFrame } from '../../src/protocol/frames'
import { type CallCarrier, SocketCalls } from '../../src/transport/socket-calls'
import { FakePlatform } from '../fake-platform'
import { broken, failure } from '../fake-transport'

/** A connection that does nothing by itself, and notes what it is asked for. */
class FakeCarrier implements CallCarrier {
  readonly endpoint = 'ws://host'
  isOpen = true
  error: IronflowError | undefined
  updates = 0
  woken = 0
  reopened = 0
  readonly sent: ClientFrame[] = []

  refusal(): IronflowError | undefined {
    return this.error
  }

  update(): void {
    this.updates++
  }

  wake(): void {
    this.woken++
  }

  reopen(): void {
    this.reopened++
  }

  send(frame: ClientFrame): void {
    this.sent.push(frame)
  }
}

function socketCalls() {
  const carrier = new FakeCarrier()
  const platform = new FakePlatform()
  const calls = new SocketCalls(carrier, platform)
  const controller = new AbortController()
  const get = (signal = controller.signal) => calls.call(GET, signal)
  const sentId = (index: number) => (carrier.sent.at(index) as CallFrame).id
  return { carrier, platform, calls, controller, get, sentId }
}

const GET: Call<'config.get'> = {
  method: 'config.get',
  params: { name: 'limits' },
  requestId: 'r1',
  environment: 'prod',
  minPosition: '7-e',
}
const LIMITS = { name: 'limits', data: {}, revision: 8 }

describe('a call', () => {
  test('is sent as it is, but for the result that its caller has already', async () => {
    const { calls, carrier, controller } = socketCalls()
    const known = { ...LIMITS, epoch: 'e', updatedAt: '2030-01-01T00:00:00Z' }
    void calls.call({ ...GET, known }, controller.signal)
    expect(carrier.sent).toEqual([{ type: 'call', id: '1', ...GET }])
  })

  test('resolves with the reply that has its id, in whatever order they come', async () => {
    const { calls, get, sentId } = socketCalls()
    const [one, other] = [get(), get()]
    calls.reply({ type: 'reply', id: sentId(1), result: { ...LIMITS, revision: 9 }, revision: 9 })
    calls.reply({ type: 'reply', id: sentId(0), result: LIMITS, revision: 8 })
    expect(await one).toEqual({ result: LIMITS, revision: 8 })
    expect(await other).toEqual({ result: { ...LIMITS, revision: 9 }, revision: 9 })
  })

  test('rejects with the problem in its reply', async () => {
    const { calls, carrier, get, sentId } = socketCalls()
    const call = get()
    const problem = { title: 'no', status: 404, detail: 'no document', code: 'not_found', requestId: 'r1' }
    calls.reply({ type: 'reply', id: sentId(0), problem } as never)
    expect(await failure(call)).toMatchObject({ code: 'not_found', status: 404, requestId: 'r1' })
    expect(carrier.reopened).toBe(0)
  })

  test('that is refused asks for a connection with another key', async () => {
    const { calls, carrier, get, sentId } = socketCalls()
    const call = get()
    const problem = toProblem(new UnauthenticatedError('the key is over', 'unauthenticated'), 'r1')
    calls.reply({ type: 'reply', id: sentId(0), problem })
    expect(await failure(call)).toBeInstanceOf(UnauthenticatedError)
    expect(carrier.reopened).toBe(1)
  })

  test('ends with its signal, and its reply is not missed', async () => {
    const { calls, controller, get, sentId } = socketCalls()
    const call = get()
    controller.abort('enough')
    await expect(call).rejects.toBe('enough')
    calls.reply({ type: 'reply', id: sentId(0), result: LIMITS })
    calls.reply({ type: 'reply', id: 'nobody knows', result: LIMITS })
  })

  test('whose signal has aborted is not sent', async () => {
    const { calls, carrier, get } = socketCalls()
    await expect(get(AbortSignal.abort('enough'))).rejects.toBe('enough')
    expect([carrier.sent, calls.isWanted, carrier.updates]).toEqual([[], false, 0])
  })

  test('leaves no listener on a signal that outlives it', async () => {
    const { calls, get, sentId } = socketCalls()
    const listeners = new Set<unknown>()
    const signal = {
      aborted: false,
      addEventListener: (_: string, listener: unknown) => listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => listeners.delete(listener),
    } as unknown as AbortSignal
    const [one, other] = [get(signal), get(signal)]
    expect(listeners.size).toBe(1)
    calls.reply({ type: 'reply', id: sentId(0), result: LIMITS })
    calls.down(broken())
    await one
    await failure(other)
    expect(listeners.size).toBe(0)
  })
})

describe('without a connection', () => {
  test('a call asks for one, and is sent when it is there', async () => {
    const { calls, carrier, get, sentId } = socketCalls()
    carrier.isOpen = false
    const call = get()
    expect([carrier.sent, calls.isWanted, carrier.updates, carrier.woken]).toEqual([[], true, 1, 1])
    carrier.isOpen = true
    calls.opened()
    calls.reply({ type: 'reply', id: sentId(0), result: LIMITS })
    expect((await call).result).toEqual(LIMITS)
  })

  test('a call that was given up is not sent when it is there', async () => {
    const { calls, carrier, controller, get } = socketCalls()
    carrier.isOpen = false
    const call = get()
    controller.abort('enough')
    await expect(call).rejects.toBe('enough')
    calls.opened()
    expect(carrier.sent).toEqual([])
  })

  test('and with none to come for a while, a call is told why at once', async () => {
    const { calls, carrier, get } = socketCalls()
    carrier.isOpen = false
    carrier.error = new UnauthenticatedError('no such key', 'unauthenticated')
    await expect(get()).rejects.toBe(carrier.error)
    expect(calls.isWanted).toBe(false)
  })

  test('calls under way reject with what became of it, and are not sent again by the next one', async () => {
    const { calls, carrier, get } = socketCalls()
    const [one, other] = [get(), get()]
    const error = broken()
    calls.down(error)
    await expect(one).rejects.toBe(error)
    await expect(other).rejects.toBe(error)
    expect(error.retryable).toBe(true)
    calls.opened()
    expect(carrier.sent).toHaveLength(2)
  })
})

describe('the connection is wanted', () => {
  test('while calls are under way, and ten seconds longer', async () => {
    const { calls, carrier, platform, get, sentId } = socketCalls()
    const [one, other] = [get(), get()]
    expect(calls.isWanted).toBe(true)
    await platform.advance(60_000)
    calls.reply({ type: 'reply', id: sentId(0), result: LIMITS })
    await one
    await platform.advance(60_000)
    expect(calls.isWanted).toBe(true)
    calls.reply({ type: 'reply', id: sentId(1), result: LIMITS })
    await other
    await platform.advance(9_999)
    expect(calls.isWanted).toBe(true)
    expect(carrier.updates).toBe(1)
    await platform.advance(1)
    expect([calls.isWanted, carrier.updates]).toEqual([false, 2])
  })

  test('anew from the next call on', async () => {
    const { calls, platform, get, sentId } = socketCalls()
    for (let round = 0; round < 3; round++) {
      const call = get()
      calls.reply({ type: 'reply', id: sentId(-1), result: LIMITS })
      await call
      await platform.advance(9_000)
      expect(calls.isWanted).toBe(true)
    }
    await platform.advance(1_000)
    expect(calls.isWanted).toBe(false)
    void get()
    expect(calls.isWanted).toBe(true)
  })

  test('also after a call that came to nothing', async () => {
    const { calls, controller, platform, get } = socketCalls()
    const call = get()
    controller.abort('enough')
    await expect(call).rejects.toBe('enough')
    expect(calls.isWanted).toBe(true)
    await platform.advance(10_000)
    expect([calls.isWanted, platform.timers.size]).toEqual([false, 0])
  })
})

describe('close', () => {
  test('rejects what is under way, and holds nothing', async () => {
    const { calls, platform, get } = socketCalls()
    const call = get()
    calls.close()
    expect(await failure(call)).toMatchObject({ code: 'closed', retryable: false })
    expect([calls.isWanted, platform.timers.size]).toEqual([false, 0])
  })

  test('ends the wait for the next call', async () => {
    const { calls, platform, get, sentId } = socketCalls()
    const call = get()
    calls.reply({ type: 'reply', id: sentId(0), result: LIMITS })
    await call
    calls.close()
    calls.close()
    expect([calls.isWanted, platform.timers.size]).toEqual([false, 0])
  })
})
