/** How one person reads the matrix: what is shown, filtered, sorted, pinned and compared. */
import type { Matrix } from '#shared/evidenceView'
import { leftColumns, partitionsOf } from './matrixColumns'
import {
  NO_FILTER,
  distinctGroups,
  filteredPlaces,
  linesByName,
  matrixLines,
  nextSort,
  nextWish,
  placesByName,
  unpinned
} from './matrixOrder'
import type { MatrixFilter, MatrixSort } from './matrixOrder'
import { TARGET, among, matrixTable } from './matrixView'
import type { MatrixTable, Measure } from './matrixView'
import type { Selection } from './selection.svelte'

/** Rows that may be pinned, and compared, at most: they stay in sight. */
const MOST_PINNED = 8
export const MOST_COMPARED = 4

/** Which domains a target begins with. */
export type TargetOf = 'all' | 'in' | 'out'

export class MatrixState {
  source = $state('merge-micro')
  measure = $state<Measure>('change')
  filter = $state.raw<MatrixFilter>(NO_FILTER)
  sort = $state.raw<MatrixSort>({ column: null, isDescending: false })
  /** Weight of domains in the target, by name; null: no target. */
  weights = $state.raw<Readonly<Record<string, number>> | null>(null)
  pinned = $state.raw<readonly string[]>([])
  /** Mixtures beside one another in the comparison; the first is what others differ from. */
  compared = $state.raw<readonly string[]>([])
  isUnfolded = $state(false)
  /** Whether one scale of shades holds for all columns, or each has its own. */
  isOneScale = $state(true)
  /** Where a range of selected rows began. */
  anchor: string | null = null

  readonly #matrix: () => Matrix | null
  readonly #selection: Selection

  constructor(matrix: () => Matrix | null, selection: Selection) {
    this.#matrix = matrix
    this.#selection = selection
  }

  readonly budget = $derived.by(() =>
    among(this.#selection.budget, this.#matrix()?.sequential.map((one) => one.budget) ?? [])
  )
  readonly shownSource = $derived.by(() =>
    among(this.source, [...(this.#matrix()?.proxies.map(({ name }) => name) ?? []), 'sequential'])
  )
  readonly table = $derived.by((): MatrixTable | null => {
    const matrix = this.#matrix()
    return matrix && this.tableOf(matrix)
  })
  readonly isFoldable = $derived.by(() => {
    const members = this.#matrix()?.members ?? []
    return partitionsOf(members).length < members.length
  })
  readonly left = $derived.by(() => leftColumns(this.#matrix()?.members ?? [], this.isUnfolded))
  /** Columns of values: the target first where there is one. */
  readonly columns = $derived.by(() => {
    const domains = [...(this.#matrix()?.domains.keys() ?? [])]
    return this.weights ? [TARGET, ...domains] : domains
  })
  readonly places = $derived.by(() => {
    const matrix = this.#matrix()
    if (!matrix) return []
    // Wishes are asked of partitions and of members alike, whichever are in sight.
    const groups = [...leftColumns(matrix.members, false), ...leftColumns(matrix.members, true)]
    return filteredPlaces(matrix, this.filter, distinctGroups(groups))
  })
  readonly #placeOf = $derived.by(() => placesByName(this.#matrix()))
  /** Places of the pinned rows that the study still has. */
  readonly pinnedPlaces = $derived.by(() =>
    this.pinned.flatMap((name) => {
      const place = this.place(name)
      return place === null ? [] : [place]
    })
  )
  readonly lines = $derived.by(() => {
    if (!this.table) return []
    return matrixLines(this.table, unpinned(this.places, this.pinnedPlaces), this.sort)
  })
  /** Names in the order in which they stand, pinned ones first. */
  readonly order = $derived.by(() => {
    const places = this.lines.flatMap((line) => (line.kind === 'mixture' ? [line.place] : []))
    return [...this.pinnedPlaces, ...places].map((place) => this.#matrix()!.rows[place]!.mixture)
  })
  /** Line of each mixture that is listed, pinned ones left out. */
  readonly lineOf = $derived.by(() => linesByName(this.#matrix(), this.lines))

  /** A matrix read as the study's is: also one of a single row. */
  tableOf(matrix: Matrix): MatrixTable {
    const { weights } = this
    return matrixTable(matrix, {
      source: this.shownSource,
      budget: this.budget,
      measure: this.measure,
      weights: weights && matrix.domains.map(({ name }) => weights[name] ?? 0)
    })
  }

  /** Place of a mixture in the matrix; null where the study has none of that name. */
  place(name: string): number | null {
    return this.#placeOf.get(name) ?? null
  }

  cycleWish(name: string): void {
    const { [name]: wish, ...others } = this.filter.wishes
    const next = nextWish(wish)
    this.filter = { ...this.filter, wishes: next ? { ...others, [name]: next } : others }
  }

  cycleSort(column: number): void {
    this.sort = nextSort(this.sort, column)
  }

  togglePin(name: string): void {
    this.pinned = this.pinned.includes(name)
      ? this.pinned.filter((one) => one !== name)
      : [...this.pinned, name].slice(-MOST_PINNED)
  }

  /** Begins a target over some kinds of domains, sorts by it; null ends it. */
  setTarget(over: TargetOf | null): void {
    const domains = this.#matrix()?.domains.filter(({ kind }) => kind !== 'mean') ?? []
    const isIn = (kind: string) => over === 'all' || kind === over
    this.weights =
      over && Object.fromEntries(domains.map(({ name, kind }) => [name, isIn(kind) ? 1 : 0]))
    this.sort = { column: over ? TARGET : null, isDescending: false }
  }

  setWeight(domain: string, weight: number): void {
    this.weights = { ...this.weights, [domain]: weight }
  }
}
