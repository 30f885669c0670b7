/** Runs of a list that wait to be begun, the next one found without looking at all of them. */
import { Heap } from './heap'

/** What the queue knows that the list goes by. */
export interface WaitingOrder {
  isOpen: (run: string) => boolean
  /** Place asked for within its role. */
  rankOf: (run: string) => number
  begin: (run: string) => void
  /** Changes whenever ranks do, or whenever any run may have become open. */
  version: () => number
  /** Runs that became open again, one by one, the oldest first. */
  reopened: readonly string[]
}

/**
 * The runs of a list by the order asked for, then by their place in it.
 *
 * Of 100,000 runs each is taken in the logarithm of their number: one that is not open when its turn
 * comes is left out until the queue says that it is open again. Only a changed order is sorted anew.
 */
export class WaitingRuns<Run extends { fingerprint: string }> {
  readonly #order: WaitingOrder
  readonly #runs = new Map<string, { run: Run; place: number }>()
  /** Those that the heap holds. */
  readonly #listed = new Set<string>()
  #heap = new Heap<{ run: string; rank: number; place: number }>(() => false)
  #version: number | null = null
  #heard = 0

  constructor(runs: readonly Run[], order: WaitingOrder) {
    this.#order = order
    runs.forEach((run, place) => {
      if (!this.#runs.has(run.fingerprint)) this.#runs.set(run.fingerprint, { run, place })
    })
  }

  /** Takes the first open run; null when there is none. */
  take(): Run | null {
    this.#catchUp()
    for (;;) {
      const first = this.#heap.take()
      if (!first) return null
      this.#listed.delete(first.run)
      const known = this.#runs.get(first.run)
      if (!known || !this.#order.isOpen(first.run)) continue
      this.#order.begin(first.run)
      return known.run
    }
  }

  /** Leaves a run out from here on: it is done. */
  drop(run: Run): void {
    this.#runs.delete(run.fingerprint)
  }

  #catchUp(): void {
    const { reopened, version } = this.#order
    if (this.#version !== version()) {
      this.#version = version()
      this.#listed.clear()
      this.#heap = new Heap(
        (a, b) => a.rank < b.rank || (a.rank === b.rank && a.place < b.place),
        [...this.#runs.keys()].map((run) => this.#listing(run))
      )
    } else {
      for (let i = this.#heard; i < reopened.length; i++) {
        const run = reopened[i]!
        if (this.#runs.has(run) && !this.#listed.has(run)) this.#heap.add(this.#listing(run))
      }
    }
    this.#heard = reopened.length
  }

  #listing(run: string) {
    this.#listed.add(run)
    return { run, rank: this.#order.rankOf(run), place: this.#runs.get(run)!.place }
  }
}
