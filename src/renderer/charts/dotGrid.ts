/** Finds dots by where they are drawn: a grid of small squares, each with the dots in it. */

/** Dots at places in a picture; a look-up touches only the squares around it. */
export class DotGrid {
  readonly #xs: ArrayLike<number>
  readonly #ys: ArrayLike<number>
  readonly #cell: number
  readonly #squares = new Map<number, number[]>()

  /**
   * @param xs,ys places of the dots, in the picture's unit
   * @param cell side of a square, in the same unit
   */
  constructor(xs: ArrayLike<number>, ys: ArrayLike<number>, cell = 16) {
    this.#xs = xs
    this.#ys = ys
    this.#cell = cell
    for (let i = 0; i < xs.length; i++) {
      const key = this.#key(this.#square(xs[i]!), this.#square(ys[i]!))
      const own = this.#squares.get(key)
      if (own) own.push(i)
      else this.#squares.set(key, [i])
    }
  }

  /** The dot nearest to a place, at most so far away; the later drawn of equals. */
  nearest(x: number, y: number, within: number): number | null {
    let best: number | null = null
    let least = within * within
    this.#visit(x - within, y - within, x + within, y + within, (i) => {
      const away = (this.#xs[i]! - x) ** 2 + (this.#ys[i]! - y) ** 2
      if (away > least || (away === least && best !== null && i < best)) return
      least = away
      best = i
    })
    return best
  }

  /** All dots in a rectangle, its edges included, in their order. */
  inside(x0: number, y0: number, x1: number, y1: number): number[] {
    const found: number[] = []
    const [left, right] = [Math.min(x0, x1), Math.max(x0, x1)]
    const [top, bottom] = [Math.min(y0, y1), Math.max(y0, y1)]
    this.#visit(left, top, right, bottom, (i) => {
      const [x, y] = [this.#xs[i]!, this.#ys[i]!]
      if (x >= left && x <= right && y >= top && y <= bottom) found.push(i)
    })
    return found.sort((a, b) => a - b)
  }

  #visit(x0: number, y0: number, x1: number, y1: number, meet: (i: number) => void): void {
    for (let column = this.#square(x0); column <= this.#square(x1); column++) {
      for (let row = this.#square(y0); row <= this.#square(y1); row++) {
        for (const i of this.#squares.get(this.#key(column, row)) ?? []) meet(i)
      }
    }
  }

  #square(place: number): number {
    return Math.floor(place / this.#cell)
  }

  /** One number per square; pictures are far smaller than 2^20 squares wide. */
  #key(column: number, row: number): number {
    return column * 2 ** 21 + (row + 2 ** 20)
  }
}
