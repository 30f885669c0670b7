/** A binary heap: what comes first by an order is taken in the logarithm of how much there is. */
export class Heap<Item> {
  readonly #items: Item[]
  readonly #isBefore: (a: Item, b: Item) => boolean

  /** @param isBefore a strict order; of items that are equal by it either may come first */
  constructor(isBefore: (a: Item, b: Item) => boolean, items: readonly Item[] = []) {
    this.#isBefore = isBefore
    this.#items = [...items]
    for (let at = (this.#items.length >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  get size(): number {
    return this.#items.length
  }

  add(item: Item): void {
    const items = this.#items
    let at = items.push(item) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#isBefore(item, items[above]!)) break
      items[at] = items[above]!
      at = above
    }
    items[at] = item
  }

  /** Takes the first; undefined where there is none. */
  take(): Item | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (items.length > 0) {
      items[0] = last!
      this.#sink(0)
    }
    return first
  }

  #sink(from: number): void {
    const items = this.#items
    const item = items[from]!
    let at = from
    for (;;) {
      let below = 2 * at + 1
      if (below >= items.length) break
      const beside = items[below + 1]
      if (beside !== undefined && this.#isBefore(beside, items[below]!)) below++
      if (!this.#isBefore(items[below]!, item)) break
      items[at] = items[below]!
      at = below
    }
    items[at] = item
  }
}
