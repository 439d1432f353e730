import { giveWay, Turns } from './turns'

/**
 * Time in a turn of the event loop, for work that comes in many small pieces from many owners, such as messages. Pieces
 * are done at once while there is time left; what is left over waits for its owner's turn.
 */
export class TurnShare {
  private readonly turns = new Turns()
  private usedMs = 0
  private isNewTurnDue = false

  /** @param clock milliseconds from any point in time */
  constructor(
    private readonly limitMs: number,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** Whether the time of this turn of the event loop has been used. */
  get isUsedUp(): boolean {
    return this.usedMs >= this.limitMs
  }

  /** Does a piece of work, and counts the time that it takes. */
  spend<T>(work: () => T): T {
    if (!this.isNewTurnDue) {
      this.isNewTurnDue = true
      giveWay(() => this.beginTurn())
    }
    const beganAt = this.clock()
    try {
      return work()
    } finally {
      this.usedMs += this.clock() - beganAt
    }
  }

  /** Resolves when it is the owner's turn. Then it does a piece of work also if others have used the time. */
  turn(owner: object): Promise<void> {
    return this.turns.next(owner)
  }

  private beginTurn(): void {
    this.isNewTurnDue = false
    this.usedMs = 0
  }
}
