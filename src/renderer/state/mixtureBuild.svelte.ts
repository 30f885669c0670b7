/** A mixture that is being built by hand, and what it is worth as soon as that is known. */
import type { Matrix } from '#shared/evidenceView'
import { toPlain } from '#shared/errors'
import type { EngineState } from './engineState.svelte'
import type { LeftColumn } from './matrixColumns'

/** A change is measured when none followed for so long, ms. */
const PAUSE_MS = 350

export class MixtureBuild {
  /** Weight by member; those that weigh nothing are not in it. */
  weights = $state.raw<Readonly<Record<string, number>>>({})
  /** The matrix of this one mixture; null until it is measured. */
  matrix = $state.raw<Matrix | null>(null)
  isMeasuring = $state(false)
  isAdding = $state(false)
  problem = $state<string | null>(null)

  readonly #engine: EngineState
  #study: string | null = null
  #waiting: ReturnType<typeof setTimeout> | null = null
  /** Counts changes: the answer to an older one is not shown. */
  #change = 0

  constructor(engine: EngineState) {
    this.#engine = engine
  }

  get isEmpty(): boolean {
    return Object.keys(this.weights).length === 0
  }

  /** Name that the engine gave it; null until it is measured. */
  get mixture(): string | null {
    return this.matrix?.rows[0]?.mixture ?? null
  }

  /** Weight of a column: the sum over its members, units of a folded partition. */
  weightOf({ name, members }: LeftColumn, names: readonly string[]): number {
    const of = members.length === 0 ? [name] : members.map((m) => names[m]!)
    return of.reduce((sum, member) => sum + (this.weights[member] ?? 0), 0)
  }

  /** Gives a column a weight, the same to each of its units; 0 takes it out. */
  setWeight({ members }: LeftColumn, names: readonly string[], weight: number): void {
    const next = { ...this.weights }
    for (const member of members.map((m) => names[m]!)) {
      if (weight > 0 && Number.isFinite(weight)) next[member] = weight / members.length
      else delete next[member]
    }
    this.#set(next)
  }

  /** Takes a column in, each member with weight 1, or out. */
  toggle(column: LeftColumn, names: readonly string[]): void {
    const isIn = this.weightOf(column, names) > 0
    this.setWeight(column, names, isIn ? 0 : column.members.length)
  }

  /** Lets go of what was built of another study's members. */
  showing(study: string): void {
    if (this.#study !== null && this.#study !== study) this.clear()
    this.#study = study
  }

  clear(): void {
    this.#set({})
  }

  /** Keeps the mixture in the study, so that it is a row of the matrix. */
  async add(): Promise<string | null> {
    this.isAdding = true
    this.problem = null
    try {
      const { api, study } = this.#engine
      const { mixture } = await api.addMixture({ study, weights: { ...this.weights } })
      this.clear()
      return mixture
    } catch (error) {
      this.problem = toPlain(error).message
      return null
    } finally {
      this.isAdding = false
    }
  }

  #set(weights: Readonly<Record<string, number>>): void {
    this.weights = weights
    this.matrix = null
    this.problem = null
    this.isMeasuring = !this.isEmpty
    const change = ++this.#change
    if (this.#waiting) clearTimeout(this.#waiting)
    if (!this.isEmpty) this.#waiting = setTimeout(() => void this.#measure(change), PAUSE_MS)
  }

  async #measure(change: number): Promise<void> {
    try {
      const { api, study } = this.#engine
      const matrix = await api.evaluateMixture({ study, weights: { ...this.weights } })
      if (change === this.#change) this.matrix = matrix
    } catch (error) {
      if (change === this.#change) this.problem = toPlain(error).message
    } finally {
      if (change === this.#change) this.isMeasuring = false
    }
  }
}
