/** A mixture of any shares: what its branches say of it at once, and what its merge says in the end. */
import type { Matrix } from '#shared/evidenceView'
import { toPlain } from '#shared/errors'
import type { EngineState } from './engineState.svelte'
import { uniformShares, weightsOf, withShare } from './shareSliders'

/** A merge is measured when no slider was moved for so long, in ms: keys let go at every step. */
const PAUSE_MS = 500

/** What is known of some shares: the ensemble's values in the order of the matrix's domains. */
export interface Scored {
  mixture: string
  values: readonly number[]
}

export class WhatIf {
  shares = $state.raw<readonly number[]>([])
  locked = $state.raw<readonly boolean[]>([])
  /** Of the shares as they are, or were a moment ago. */
  scored = $state.raw<Scored | null>(null)
  /** The matrix of this one mixture, its merge measured; null until it is. */
  merged = $state.raw<Matrix | null>(null)
  isMerging = $state(false)
  /** What the present values are held against. */
  pinned = $state.raw<(Scored & { shares: readonly number[] }) | null>(null)
  problem = $state<string | null>(null)

  readonly #engine: EngineState
  #names: readonly string[] = []
  /** One question at a time: the newest shares are asked for when it is answered. */
  #isScoring = false
  #waiting: ReturnType<typeof setTimeout> | null = null
  #isStale = false
  /** Counts changes: an answer to an older one is not shown. */
  #change = 0

  constructor(engine: EngineState) {
    this.#engine = engine
  }

  /** Shows a study's members, all alike, where they are others than before. */
  showing(names: readonly string[]): void {
    if (names.join('\n') === this.#names.join('\n')) return
    this.#names = names
    this.locked = names.map(() => false)
    this.pinned = null
    this.set(uniformShares(names.length))
    this.settle()
  }

  move(index: number, share: number): void {
    this.set(withShare(this.shares, this.locked, index, share))
  }

  toggleLock(index: number): void {
    this.locked = this.locked.map((isLocked, i) => (i === index ? !isLocked : isLocked))
  }

  set(shares: readonly number[]): void {
    this.shares = shares
    this.merged = null
    this.isMerging = false
    this.#change += 1
    void this.#score()
  }

  /** The slider is let go of: the merge is made and measured, or read where it was before. */
  settle(): void {
    if (this.shares.length === 0) return
    if (this.#waiting) clearTimeout(this.#waiting)
    this.#waiting = setTimeout(() => void this.#merge(), PAUSE_MS)
  }

  async #merge(): Promise<void> {
    const change = this.#change
    this.isMerging = true
    try {
      const { api, study } = this.#engine
      const merged = await api.evaluateMixture({ study, weights: this.#weights() })
      if (change === this.#change) this.merged = merged
    } catch (error) {
      // A project that is only read has the merges that were measured, and no others.
      const isTold = this.#engine.isWritable && change === this.#change
      if (isTold) this.problem = toPlain(error).message
    } finally {
      if (change === this.#change) this.isMerging = false
    }
  }

  pin(): void {
    this.pinned = this.scored && { ...this.scored, shares: this.shares }
  }

  unpin(): void {
    this.pinned = null
  }

  #weights(): Record<string, number> {
    return weightsOf(this.#names, this.shares)
  }

  async #score(): Promise<void> {
    if (this.#isScoring) {
      this.#isStale = true
      return
    }
    this.#isScoring = true
    do {
      this.#isStale = false
      try {
        const { api, study } = this.#engine
        this.scored = await api.scoreMixture({ study, weights: this.#weights() })
        this.problem = null
      } catch (error) {
        this.scored = null
        this.problem = toPlain(error).message
      }
    } while (this.#isStale)
    this.#isScoring = false
  }
}
