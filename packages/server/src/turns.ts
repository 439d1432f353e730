/** Runs a callback after what is due already: requests, timers, answers of the disk. */
export const giveWay: (callback: () => void) => unknown =
  globalThis.setImmediate ?? ((callback: () => void) => setTimeout(callback, 0))

/**
 * Deals out the event loop to work that comes in pieces, such as reading a large bucket page by page: one piece per turn
 * of the loop, so that nothing else waits for longer than a piece takes. Owners are served in rotation, however many
 * pieces each of them has.
 */
export class Turns {
  /** Those with pieces that wait, the next to be served first. */
  private readonly owners: object[] = []
  private readonly pieces = new Map<object, (() => void)[]>()

  /**
   * Resolves when it is the turn of the owner's next piece. A piece is what follows without waiting for anything but
   * promises that are settled already.
   */
  next(owner: object): Promise<void> {
    return new Promise((resolve) => {
      const pieces = this.pieces.get(owner)
      if (pieces) {
        pieces.push(resolve)
        return
      }
      this.pieces.set(owner, [resolve])
      if (this.owners.push(owner) === 1) giveWay(() => this.deal())
    })
  }

  private deal(): void {
    const owner = this.owners.shift()
    const pieces = owner && this.pieces.get(owner)
    if (!pieces) return
    pieces.shift()?.()
    if (pieces.length > 0) this.owners.push(owner)
    else this.pieces.delete(owner)
    if (this.owners.length > 0) giveWay(() => this.deal())
  }
}
