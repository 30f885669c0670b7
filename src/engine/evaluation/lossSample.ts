/** What documents cost, kept for their sum and for its interval, however many there are. */
import type { LossSum } from '#shared/metrics'

/** Losses of documents, or of groups of them where there are more than a resampling needs. */
export interface LossSample {
  nats: Float64Array
  tokens: Float64Array
  bytes: Float64Array
}

/** So many documents are kept apart; further ones join them in turn. */
const KEPT_APART = 10_000

/** Values of items as sums and counts of the same groups; each item alone up to 10,000. */
export function grouped(values: readonly number[]): { sums: number[]; counts: number[] } {
  const groups = Math.min(KEPT_APART, values.length)
  const sums = new Array<number>(groups).fill(0)
  const counts = new Array<number>(groups).fill(0)
  values.forEach((value, index) => {
    sums[index % KEPT_APART]! += value
    counts[index % KEPT_APART]! += 1
  })
  return { sums, counts }
}

/**
 * Gathers losses in memory that does not grow beyond 10,000 documents.
 *
 * From there on document i joins group i mod 10,000. Groups drawn again with replacement vary as
 * documents do, so the interval stays what it is, and more of them would not make it surer.
 */
export class LossGatherer {
  readonly total: LossSum = { nats: 0, tokens: 0, bytes: 0 }
  #count = 0
  readonly #nats: number[] = []
  readonly #tokens: number[] = []
  readonly #bytes: number[] = []

  /** Documents so far. */
  get count(): number {
    return this.#count
  }

  add(nats: number, tokens: number, bytes: number): void {
    const at = this.#count % KEPT_APART
    this.#count += 1
    this.#nats[at] = (this.#nats[at] ?? 0) + nats
    this.#tokens[at] = (this.#tokens[at] ?? 0) + tokens
    this.#bytes[at] = (this.#bytes[at] ?? 0) + bytes
    this.total.nats += nats
    this.total.tokens += tokens
    this.total.bytes += bytes
  }

  sample(): LossSample {
    return {
      nats: Float64Array.from(this.#nats),
      tokens: Float64Array.from(this.#tokens),
      bytes: Float64Array.from(this.#bytes)
    }
  }
}
