import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { followPage } from '../src/lifecycle'

/** A page as far as its life is concerned, and what is told of it. */
class Page {
  readonly window = new CountingTarget()
  readonly document = Object.assign(new CountingTarget(), { visibilityState: 'visible' as DocumentVisibilityState })
  readonly told: string[] = []

  follow(pauseWhenHidden = true): () => void {
    return followPage(this, { setTimer }, pauseWhenHidden, (signal) => {
      this.told.push('reason' in signal ? `${signal.type} ${signal.reason}` : signal.type)
    })
  }

  become(visibilityState: DocumentVisibilityState): void {
    this.document.visibilityState = visibilityState
    this.document.dispatchEvent(new Event('visibilitychange'))
  }

  get listeners(): number {
    return this.window.listeners + this.document.listeners
  }
}

/** An event target that knows how many listeners it has, those that a signal has removed left out. */
class CountingTarget extends EventTarget {
  private readonly signals: AbortSignal[] = []

  override addEventListener(type: string, listener: EventListener, options: AddEventListenerOptions): void {
    if (options.signal) this.signals.push(options.signal)
    super.addEventListener(type, listener, options)
  }

  get listeners(): number {
    return this.signals.filter(({ aborted }) => !aborted).length
  }
}

function setTimer(callback: () => void, ms: number): () => void {
  const timer = setTimeout(callback, ms)
  return () => clearTimeout(timer)
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('what a page does', () => {
  test.each([
    ['window', 'pagehide', 'pause left'],
    ['window', 'pageshow', 'resume left'],
    ['window', 'online', 'network'],
    ['document', 'freeze', 'pause frozen'],
    ['document', 'resume', 'resume frozen'],
  ] as const)('%s: %s is told as %s', (target, type, expected) => {
    const page = new Page()
    page.follow()
    page[target].dispatchEvent(new Event(type))
    expect(page.told).toEqual([expected])
  })

  test('a page that was visible all the time has nothing to tell', () => {
    const page = new Page()
    page.follow()
    vi.advanceTimersByTime(3_600_000)
    expect(page.told).toEqual([])
  })
})

describe('a hidden page', () => {
  test('pauses after 5 minutes, not before, and once', () => {
    const page = new Page()
    page.follow()
    page.become('hidden')
    vi.advanceTimersByTime(299_999)
    expect(page.told).toEqual([])
    vi.advanceTimersByTime(1)
    expect(page.told).toEqual(['pause hidden'])
    vi.advanceTimersByTime(3_600_000)
    expect(page.told).toEqual(['pause hidden'])
  })

  test('resumes and wakes when somebody looks', () => {
    const page = new Page()
    page.follow()
    page.become('hidden')
    vi.advanceTimersByTime(300_000)
    page.become('visible')
    expect(page.told).toEqual(['pause hidden', 'resume hidden', 'wake'])
  })

  test('starts its 5 minutes again each time', () => {
    const page = new Page()
    page.follow()
    page.become('hidden')
    vi.advanceTimersByTime(200_000)
    page.become('visible')
    page.become('hidden')
    vi.advanceTimersByTime(200_000)
    expect(page.told).not.toContain('pause hidden')
    vi.advanceTimersByTime(100_000)
    expect(page.told).toContain('pause hidden')
  })

  test('pauses also where it was hidden before anybody followed', () => {
    const page = new Page()
    page.document.visibilityState = 'hidden'
    page.follow()
    vi.advanceTimersByTime(300_000)
    expect(page.told).toEqual(['pause hidden'])
  })

  test('stays connected where that was asked for, and wakes all the same', () => {
    const page = new Page()
    page.follow(false)
    page.become('hidden')
    vi.advanceTimersByTime(3_600_000)
    expect(page.told).toEqual([])
    page.become('visible')
    expect(page.told).toEqual(['resume hidden', 'wake'])
  })
})

describe('the end', () => {
  test('leaves no listener and no timer', () => {
    const page = new Page()
    const end = page.follow()
    expect(page.listeners).toBe(6)
    page.become('hidden')
    expect(vi.getTimerCount()).toBe(1)
    end()
    expect([page.listeners, vi.getTimerCount()]).toEqual([0, 0])
    page.window.dispatchEvent(new Event('online'))
    page.become('visible')
    expect(page.told).toEqual([])
  })

  test('can be told twice, and also where there is no page', () => {
    const end = new Page().follow()
    end()
    end()
    const tell = vi.fn()
    followPage({}, { setTimer }, true, tell)()
    expect(tell).not.toHaveBeenCalled()
  })
})
