/** A mixture that is being built by hand, and what it is worth as soon as that is known. */
import type { Matrix } from '#shared/evidenceView'
import { toPlain } from '#shared/errors'
import type { EngineState } from './engineState.svelte'
import type { LeftColumn } from './matrixColumns'
import { whyNoWeight, withWeight } from './mixtureWeights'
import type { MixtureWeights } from './mixtureWeights'
import type { Selection } from './selection.svelte'

/** A change is measured when none followed for so long, ms. */
const PAUSE_MS = 350

export class MixtureBuild {
  weights = $state.raw<MixtureWeights>({})
  /** The matrix of this one mixture; null until it is measured. */
  matrix = $state.raw<Matrix | null>(null)
  /** What is typed as the weight of a column, by its name, right or wrong; absent: not typed. */
  typed = $state.raw<Readonly<Record<string, string>>>({})
  isMeasuring = $state(false)
  isAdding = $state(false)
  problem = $state<string | null>(null)

  readonly #engine: EngineState
  readonly #selection: Selection
  #study: string | null = null
  #waiting: ReturnType<typeof setTimeout> | null = null
  /** Counts changes: the answer to an older one is not shown. */
  #change = 0

  constructor(engine: EngineState, selection: Selection) {
    this.#engine = engine
    this.#selection = selection
  }

  get isEmpty(): boolean {
    return Object.keys(this.weights).length === 0
  }

  /** Whether every weight is one: what has a wrong one is neither measured nor kept. */
  get isRight(): boolean {
    return Object.values(this.typed).every((text) => whyNoWeight(text) === null)
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

  /** The weight of a column as its field shows it: what is typed is not rewritten under the hands. */
  fieldOf(column: LeftColumn, names: readonly string[]): string {
    return this.typed[column.name] ?? String(Number(this.weightOf(column, names).toPrecision(6)))
  }

  /** Takes what is typed as a column's weight; a wrong one stays in its field until it is mended. */
  typeWeight(column: LeftColumn, names: readonly string[], text: string): void {
    this.typed = { ...this.typed, [column.name]: text }
    this.#set(whyNoWeight(text) ? this.weights : this.#with(column, names, Number(text)))
  }

  /** Takes a column in, each member with weight 1, or out. */
  toggle(column: LeftColumn, names: readonly string[]): void {
    const isIn = this.weightOf(column, names) > 0
    const { [column.name]: _, ...others } = this.typed
    this.typed = others
    this.#set(this.#with(column, names, isIn ? 0 : column.members.length))
  }

  /** Lets go of what is typed, not of the weights: where other columns are shown, they have other fields. */
  forgetTyped(): void {
    this.typed = {}
    this.#set(this.weights)
  }

  /** Lets go of what was built of another study's members. */
  showing(study: string): void {
    if (this.#study !== null && this.#study !== study) this.clear()
    this.#study = study
  }

  clear(): void {
    this.typed = {}
    this.#set({})
  }

  /** Picks the row that the study has of a mixture. */
  pick(mixture: string): void {
    this.#selection.mixture = mixture
    this.#selection.setMixtures([mixture])
  }

  /**
   * Keeps the mixture in the study, so that it is a row of the matrix, and picks that. Not measured
   * yet, or in the study already, it is no problem: the engine adds nothing twice.
   */
  async add(): Promise<void> {
    this.isAdding = true
    this.problem = null
    try {
      const { api, study } = this.#engine
      const { mixture } = await api.addMixture({ study, weights: { ...this.weights } })
      this.clear()
      this.pick(mixture)
    } catch (error) {
      this.problem = toPlain(error).message
    } finally {
      this.isAdding = false
    }
  }

  #with({ members }: LeftColumn, names: readonly string[], weight: number): MixtureWeights {
    const own = members.map((m) => names[m]!)
    return withWeight(this.weights, own, weight)
  }

  #set(weights: MixtureWeights): void {
    this.weights = weights
    this.matrix = null
    this.problem = null
    this.isMeasuring = !this.isEmpty && this.isRight
    const change = ++this.#change
    if (this.#waiting) clearTimeout(this.#waiting)
    if (this.isMeasuring) this.#waiting = setTimeout(() => void this.#measure(change), PAUSE_MS)
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
