/** A few mixtures beside one another: their values, and how the others differ from the first. Pure. */
import { csvTable } from '#shared/csvText'
import { columnName } from './matrixTexts'
import { differenceUnit, signOf, unitOf } from './matrixView'
import type { MatrixTable } from './matrixView'

/** One domain of the comparison. */
interface ComparedColumn {
  column: number
  name: string
  unit: string
  cells: {
    value: number | null
    /** More than the first, nats/token or of the metric; null of the first and of what is not measured. */
    difference: number | null
    isBetter: boolean
  }[]
}

/** Compares mixtures by place, the first being what the others differ from. */
export function compared(
  table: MatrixTable,
  places: readonly number[],
  columns: readonly number[]
): ComparedColumn[] {
  return columns.map((column) => {
    const first = places[0] === undefined ? null : table.loss(places[0], column)
    return {
      column,
      name: columnName(table, column),
      unit: unitOf(table.matrix, column, table.choice.measure),
      cells: places.map((place, i) => {
        const loss = table.loss(place, column)
        const far = i === 0 || loss === null || first === null ? null : loss - first
        const difference = far === null ? null : signOf(table.matrix) * far
        return { value: table.cell(place, column), difference, isBetter: far !== null && far < 0 }
      })
    }
  })
}

/** Share of each member by mixture; members that none of them holds are left out. */
export function comparedShares(
  table: MatrixTable,
  places: readonly number[]
): { name: string; member: number; shares: number[] }[] {
  const { members, rows } = table.matrix
  return members
    .map((name, member) => ({
      name,
      member,
      shares: places.map((place) => rows[place]!.shares[member]!)
    }))
    .filter(({ shares }) => shares.some((share) => share > 0))
}

/** The comparison as CSV with full digits. */
export function comparedCsv(
  table: MatrixTable,
  places: readonly number[],
  columns: readonly number[]
): string {
  const names = places.map((place) => table.matrix.rows[place]!.mixture)
  const others = names.slice(1)
  const head = [
    'domain',
    'unit',
    ...names,
    ...others.map((name) => `${name} minus ${names[0]}, ${differenceUnit(table.matrix)}`)
  ]
  const lines = compared(table, places, columns).map(({ name, unit, cells }) => [
    name,
    unit,
    ...cells.map(({ value }) => value),
    ...cells.slice(1).map(({ difference }) => difference)
  ])
  return csvTable(head, lines)
}
