/** How one person reads the matrix: what is shown, filtered, sorted, pinned and compared. */
import type { Matrix } from '#shared/evidenceView'
import { leftColumns, partitionsOf } from './matrixColumns'
import { binsByColumn } from './matrixBins'
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
import { isAskable, levelRangeWords, placesInRange } from './matrixRange'
import type { LevelRange } from './matrixRange'
import { matrixIn } from './taskMatrix'
import type { MatrixMetric, ShownMatrix } from './taskMatrix'
import { TARGET, among, matrixTable, tellingMeasure } from './matrixView'
import type { MatrixTable, Measure } from './matrixView'
import type { Selection } from './selection.svelte'

/** Rows that may be pinned, and compared, at most: they stay in sight. */
const MOST_PINNED = 8
export const MOST_COMPARED = 4

/** Which domains a target begins with. */
export type TargetOf = 'all' | 'in' | 'out'

export class MatrixState {
  source = $state('merge-micro')
  filter = $state.raw<MatrixFilter>(NO_FILTER)
  sort = $state.raw<MatrixSort>({ column: null, isDescending: false })
  /** Weight of domains in the target, by name; null: no target. */
  weights = $state.raw<Readonly<Record<string, number>> | null>(null)
  pinned = $state.raw<readonly string[]>([])
  /** Mixtures beside one another in the comparison; the first is what others differ from. */
  compared = $state.raw<readonly string[]>([])
  isUnfolded = $state(false)
  /** Whether one scale of shades holds for all columns, or each has its own. */
  isOneScale = $state(false)
  /** Where a range of selected rows began. */
  anchor: string | null = null
  /** What was chosen; null: what tells most. */
  #measure = $state<Measure | null>(null)
  #metric = $state<MatrixMetric>('loss')

  readonly #all: () => Matrix | null
  readonly #selection: Selection

  constructor(matrix: () => Matrix | null, selection: Selection) {
    this.#all = matrix
    this.#selection = selection
  }

  /** What is chosen, where the study has it: one without tasks has losses alone. */
  readonly metric = $derived.by((): MatrixMetric => (this.#all()?.tasks ? this.#metric : 'loss'))
  readonly #shown = $derived.by((): ShownMatrix | null => {
    const matrix = this.#all()
    return matrix && matrixIn(matrix, this.metric)
  })

  readonly budget = $derived.by(() =>
    among(this.#selection.budget, this.#shown?.sequential.map((one) => one.budget) ?? [])
  )
  readonly shownSource = $derived.by(() =>
    among(this.source, [...(this.#shown?.proxies.map(({ name }) => name) ?? []), 'sequential'])
  )
  readonly hasSeed = $derived.by(() => this.#shown?.seed.some((one) => one !== null) ?? false)
  readonly #shownMeasure = $derived.by(() => {
    const chosen = this.#measure
    if (chosen !== null && (chosen !== 'change' || this.hasSeed)) return chosen
    return tellingMeasure(this.#shown?.rows ?? [], this.hasSeed)
  })
  readonly table = $derived.by((): MatrixTable | null => {
    const matrix = this.#shown
    return matrix && this.#read(matrix, null)
  })
  /** Whether anything is measured, and so shaded. */
  readonly isMeasured = $derived.by(
    () => this.table?.matrix.rows.some((_, place) => this.table!.isMeasured(place)) ?? false
  )
  readonly isFoldable = $derived.by(() => {
    const members = this.#shown?.members ?? []
    return partitionsOf(members).length < members.length
  })
  readonly left = $derived.by(() => leftColumns(this.#shown?.members ?? [], this.isUnfolded))
  /** Columns of values: the target first where there is one. */
  readonly columns = $derived.by(() => {
    const domains = [...(this.#shown?.domains.keys() ?? [])]
    return this.weights ? [TARGET, ...domains] : domains
  })
  readonly places = $derived.by(() => {
    const matrix = this.#shown
    if (!matrix) return []
    // Wishes are asked of partitions and of members alike, whichever are in sight.
    const groups = [...leftColumns(matrix.members, false), ...leftColumns(matrix.members, true)]
    const places = filteredPlaces(matrix, this.filter, distinctGroups(groups))
    const { range } = this
    return range && this.table ? placesInRange(this.table, places, range) : places
  })
  /** What the legend keeps, where the study has the column. */
  get range(): LevelRange | null {
    const { range } = this.filter
    return range && this.table && isAskable(this.table, range) ? range : null
  }
  readonly rangeWords = $derived.by(() =>
    this.range && this.table ? levelRangeWords(this.table, this.range) : ''
  )
  /** The column that the legend is of: the sorted one, else the target, else the first mean. */
  readonly legendColumn = $derived.by(() => {
    if (this.sort.column !== null && this.columns.includes(this.sort.column))
      return this.sort.column
    if (this.weights) return TARGET
    return Math.max(0, this.#shown?.domains.findIndex(({ kind }) => kind === 'mean') ?? 0)
  })
  /** How the listed mixtures are spread in a column: counted when it is first asked for. */
  readonly binsOf = $derived.by(() =>
    this.table ? binsByColumn(this.table, this.places) : () => null
  )
  readonly #placeOf = $derived.by(() => placesByName(this.#shown))
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
    return [...this.pinnedPlaces, ...places].map((place) => this.#shown!.rows[place]!.mixture)
  })
  /** Line of each mixture that is listed, pinned ones left out. */
  readonly lineOf = $derived.by(() => linesByName(this.#shown, this.lines))

  get measure(): Measure {
    return this.#shownMeasure
  }

  set measure(measure: Measure) {
    this.#measure = measure
  }

  /** Shows another metric: what is asked of columns goes with them. */
  setMetric(metric: MatrixMetric): void {
    this.#metric = metric
    this.setTarget(null)
    this.keepRange(null)
  }

  /** The matrix of one mixture, read as the study's is and held against it. */
  tableOf(matrix: Matrix): MatrixTable {
    return this.#read(matrixIn(matrix, this.metric), this.table)
  }

  #read(matrix: ShownMatrix, within: MatrixTable | null): MatrixTable {
    const { weights } = this
    const choice = {
      source: this.shownSource,
      budget: this.budget,
      measure: this.measure,
      weights: weights && matrix.domains.map(({ name }) => weights[name] ?? 0)
    }
    return matrixTable(matrix, choice, within)
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
    const domains = this.#shown?.domains.filter(({ kind }) => kind !== 'mean') ?? []
    const isIn = (kind: string) => over === 'all' || kind === over
    this.weights =
      over && Object.fromEntries(domains.map(({ name, kind }) => [name, isIn(kind) ? 1 : 0]))
    this.sort = { column: over ? TARGET : null, isDescending: false }
    if (!over && this.filter.range?.column === TARGET) this.keepRange(null)
  }

  /** Keeps mixtures whose value lies in a range; null: all again. */
  keepRange(range: LevelRange | null): void {
    this.filter = { ...this.filter, range }
  }

  setWeight(domain: string, weight: number): void {
    this.weights = { ...this.weights, [domain]: weight }
  }
}
