import type { Limits } from '../limits'

/**
 * Room for large answers to long polls: while they are filled, and until their peers have taken them. Answers are filled
 * whole or not at all, so each has a place for the largest before it begins; when it is filled it keeps what it needs.
 */
export class PollRoom {
  private used = 0
  private readonly waiting = new Set<PollPlace>()

  constructor(private readonly limits: Pick<Limits, 'pollAnswerBytes' | 'pollBytes'>) {}

  /** Asks for a place; others that have asked before get theirs first. @param onAdmitted called when there is one */
  enter(onAdmitted: () => void): PollPlace {
    const { pollAnswerBytes, pollBytes } = this.limits
    const place = new PollPlace(this, Math.min(pollAnswerBytes, pollBytes), onAdmitted)
    this.waiting.add(place)
    this.admit()
    return place
  }

  /** Takes back bytes of a place that was admitted. */
  giveBack(bytes: number): void {
    this.used -= bytes
    this.admit()
  }

  /** Forgets a place that was not admitted. */
  forget(place: PollPlace): void {
    this.waiting.delete(place)
    this.admit()
  }

  private admit(): void {
    for (const place of this.waiting) {
      if (this.used + place.bytes > this.limits.pollBytes) return
      this.waiting.delete(place)
      this.used += place.bytes
      place.admit()
    }
  }
}

/** Bytes of a {@link PollRoom} that one answer has, or waits for. */
export class PollPlace {
  private admitted = false

  constructor(
    private readonly room: PollRoom,
    private size: number,
    private readonly onAdmitted: () => void,
  ) {}

  get bytes(): number {
    return this.size
  }

  get isAdmitted(): boolean {
    return this.admitted
  }

  /** Called by the room. */
  admit(): void {
    this.admitted = true
    this.onAdmitted()
  }

  /** Keeps so many bytes, if it has more. */
  shrink(bytes: number): void {
    if (bytes >= this.size) return
    const left = this.size - bytes
    this.size = bytes
    if (this.admitted) this.room.giveBack(left)
  }

  /** Ends it. A second call does nothing. */
  leave(): void {
    this.shrink(0)
    if (!this.admitted) this.room.forget(this)
  }
}
