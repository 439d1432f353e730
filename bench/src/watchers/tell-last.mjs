import { clock } from '../clock.mjs'

/** A callback for `count` watchers of one thing: tells the parent process when the last of them was told of a change. */
export function tellLast(count) {
  let told = 0
  return () => {
    told += 1
    if (told % count === 0) process.send(clock())
  }
}
