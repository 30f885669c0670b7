/** Time that passes as fast as the machine computes: nobody sleeps. */
import { Heap } from '#engine/studies/heap'

interface Waking {
  at: number
  /** Who waited first wakes first at the same time, so that one seed gives one course of events. */
  order: number
  wake: () => void
}

/** A clock that jumps to whatever is waited for next. */
export class VirtualTime {
  /** Seconds since the beginning. */
  now = 0
  #order = 0
  readonly #waiting = new Heap<Waking>(
    (a, b) => a.at < b.at || (a.at === b.at && a.order < b.order)
  )

  /** Resolves when so many seconds have passed on this clock. */
  wait(seconds: number): Promise<void> {
    return new Promise((wake) => {
      this.#waiting.add({ at: this.now + seconds, order: this.#order++, wake })
    })
  }

  /**
   * Lets time pass until a piece of work is done.
   *
   * @throws what the work throws; Error where it waits for something that is not on this clock
   */
  async play<Result>(work: Promise<Result>): Promise<Result> {
    let isSettled = false
    const settled = () => {
      isSettled = true
    }
    work.then(settled, settled)
    for (;;) {
      // Everything that follows from the last waking comes before the next one.
      await new Promise(setImmediate)
      if (isSettled) return work
      const next = this.#waiting.take()
      if (!next) throw new Error('the work waits for what never comes')
      this.now = next.at
      next.wake()
    }
  }
}
