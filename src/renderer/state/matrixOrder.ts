/** Which mixtures the matrix lists, and in which order: always inside a size. Pure. */
import type { Matrix } from '#shared/evidenceView'
import type { LevelRange } from './matrixRange'
import type { MatrixTable } from './matrixView'

/** What is asked of a partition or unit. */
export type Wish = 'with' | 'without'

export interface MatrixFilter {
  /** Words that must all stand in the mixture's name; one with `-` before it must not. */
  text: string
  wishes: Readonly<Record<string, Wish>>
  /** Share that members with the wish `with` must have at least, 0 … 1. */
  atLeast: number
  /** Sizes that are listed; none: all. */
  sizes: readonly number[]
  /** What the legend keeps; null: everything. */
  range: LevelRange | null
}

export interface MatrixSort {
  /** A column; null: by name. */
  column: number | null
  isDescending: boolean
}

/** The head of a size, with how many mixtures of it are listed, measured and trained. */
interface SizeHead {
  kind: 'size'
  size: number
  mixtures: number
  measured: number
  trained: number
}

/** A line of the matrix: the head of a size, or a mixture by its place. */
export type MatrixLine = SizeHead | { kind: 'mixture'; place: number }

export const NO_FILTER: MatrixFilter = {
  text: '',
  wishes: {},
  atLeast: 0,
  sizes: [],
  range: null
}

/** Names of a group of members, by which wishes are asked: a partition, or a member. */
export interface MemberGroup {
  name: string
  /** Places in the matrix's members. */
  members: readonly number[]
}

/**
 * Places of the mixtures that a filter lets through, in the order of the matrix. Its range is of
 * values, and asked of the table: see placesInRange.
 */
export function filteredPlaces(
  matrix: Matrix,
  filter: MatrixFilter,
  groups: readonly MemberGroup[]
): number[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  const wishes = groups.flatMap(({ name, members }) => {
    const wish = filter.wishes[name]
    return wish ? [{ wish, members }] : []
  })
  const isLetThrough = (place: number): boolean => {
    const { size, shares } = matrix.rows[place]!
    if (filter.sizes.length > 0 && !filter.sizes.includes(size)) return false
    for (const { wish, members } of wishes) {
      const share = members.reduce((sum, m) => sum + shares[m]!, 0)
      if (wish === 'without' ? share > 0 : share <= 0 || share < filter.atLeast - 1e-9) return false
    }
    if (words.length === 0) return true
    const text = wordsOf(matrix, place)
    return words.every((word) =>
      word.startsWith('-') && word.length > 1 ? !text.includes(word.slice(1)) : text.includes(word)
    )
  }
  return [...matrix.rows.keys()].filter(isLetThrough)
}

/** What is searched: the name, and the members where the name is too long to say them. */
function wordsOf(matrix: Matrix, place: number): string {
  const { mixture, shares } = matrix.rows[place]!
  if (!mixture.startsWith('m:')) return mixture.toLowerCase()
  const members = matrix.members.filter((_, m) => shares[m]! > 0)
  return `${mixture} ${members.join('+')}`.toLowerCase()
}

/**
 * Lines of the matrix: mixtures grouped by size, since proxies of different sizes are not
 * comparable as they stand. What is not measured comes last, whichever way is sorted.
 */
export function matrixLines(
  table: MatrixTable,
  places: readonly number[],
  { column, isDescending }: MatrixSort
): MatrixLine[] {
  const { rows } = table.matrix
  const values = column === null ? null : rows.map((_, place) => table.loss(place, column))
  const sign = isDescending ? -1 : 1
  const sorted = [...places].sort((a, b) => {
    const bySize = rows[a]!.size - rows[b]!.size
    if (bySize !== 0) return bySize
    if (!values) return sign * (a - b)
    const [x, y] = [values[a]!, values[b]!]
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a - b
    return sign * (x - y) || a - b
  })
  const lines: MatrixLine[] = []
  const heads = new Map<number, SizeHead>()
  for (const place of sorted) {
    const { size } = rows[place]!
    let head = heads.get(size)
    if (!head) {
      head = { kind: 'size', size, mixtures: 0, measured: 0, trained: 0 }
      heads.set(size, head)
      lines.push(head)
    }
    head.mixtures++
    if (table.isMeasured(place)) head.measured++
    if (table.isTrained(place)) head.trained++
    lines.push({ kind: 'mixture', place })
  }
  return lines
}

/** Place of each mixture in the matrix. */
export function placesByName(matrix: Matrix | null): ReadonlyMap<string, number> {
  return new Map(matrix?.rows.map(({ mixture }, place) => [mixture, place]) ?? [])
}

/** Line of each mixture that is listed. */
export function linesByName(
  matrix: Matrix | null,
  lines: readonly MatrixLine[]
): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  lines.forEach((line, i) => {
    if (matrix && line.kind === 'mixture') found.set(matrix.rows[line.place]!.mixture, i)
  })
  return found
}

/** Places in their order, those that are pinned left out. */
export function unpinned(places: readonly number[], pinned: readonly number[]): number[] {
  const isPinned = new Set(pinned)
  return places.filter((place) => !isPinned.has(place))
}

/** Groups by which mixtures are filtered, one of each name. */
export function distinctGroups<Group extends MemberGroup>(groups: readonly Group[]): Group[] {
  return [...new Map(groups.map((group) => [group.name, group])).values()]
}

/** What a click on a partition's name makes of the wish: with, without, none. */
export function nextWish(wish: Wish | undefined): Wish | undefined {
  return wish === undefined ? 'with' : wish === 'with' ? 'without' : undefined
}

/** What a click on a column's name makes of the order: best first, worst first, by name. */
export function nextSort(sort: MatrixSort, column: number): MatrixSort {
  if (sort.column !== column) return { column, isDescending: false }
  return sort.isDescending ? { column: null, isDescending: false } : { column, isDescending: true }
}
