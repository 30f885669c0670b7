/**
 * Fills the cells of a row of the matrix. By hand, not by a template: a row that comes into sight
 * has some fifty cells, and a matrix that scrolls has a page of rows in every frame.
 */
import { shownValue } from '../state/matrixTexts'
import type { LeftColumn, PlacedColumn } from '../state/matrixColumns'
import type { MatrixTable } from '../state/matrixView'
import { markClasses, shadeClass } from './palette'

export interface PaintedRow {
  table: MatrixTable
  /** Place of the mixture in the matrix. */
  place: number
  left: readonly LeftColumn[]
  isOneScale: boolean
}

/** Paints cells, which stand in the order of their columns. */
export function paintCells(
  parent: Element,
  columns: readonly PlacedColumn[],
  row: PaintedRow
): void {
  let cell = parent.firstElementChild
  for (const column of columns) {
    if (!cell) return
    paintCell(cell, column, row)
    cell = cell.nextElementSibling
  }
}

/** Paints one cell: that of a member holds a bar and a count, one of a value its text and a mark. */
export function paintCell(cell: Element, column: PlacedColumn, row: PaintedRow): void {
  if (column.kind === 'value') paintValue(cell as HTMLElement, column.index, row)
  else paintMember(cell as HTMLElement, row.left[column.index]!, row)
}

function paintValue(cell: HTMLElement, column: number, row: PaintedRow): void {
  const { table, place, isOneScale } = row
  const [text, other] = cell.children as unknown as [HTMLElement, HTMLElement]
  write(text, shownValue(table, table.cell(place, column)))
  mark(cell, shadeClass(table.shade(place, column, isOneScale)))
  const shade = table.otherShade(place, column, isOneScale)
  show(other, shade !== null)
  if (shade !== null) mark(other, shadeClass(shade))
}

function paintMember(cell: HTMLElement, column: LeftColumn, { table, place }: PaintedRow): void {
  const { shares } = table.matrix.rows[place]!
  const [bar, count] = cell.children as unknown as [HTMLElement, HTMLElement]
  let share = 0
  let own = 0
  for (const m of column.members) {
    share += shares[m]!
    if (shares[m]! > 0) own++
  }
  show(bar, share > 0)
  show(count, share > 0 && column.isFolded)
  const words = share > 0 ? `${column.name} ${Math.round(100 * share)} %` : ''
  if (cell.getAttribute('aria-label') !== words) cell.setAttribute('aria-label', words)
  if (share <= 0) return
  const classes = markClasses(column.partition)
  if (bar.className !== classes) bar.className = classes
  if (column.isFolded) {
    bar.style.width = `${(100 * own) / column.members.length}%`
    write(count, `${own}/${column.members.length}`)
  } else bar.style.height = `${barHeight(share)}px`
}

// What is as it should be is not touched: each touch makes the browser look at its style again.

function write(element: Element, words: string): void {
  const text = element.firstChild as Text | null
  if (!text) element.textContent = words
  else if (text.data !== words) text.data = words
}

function mark(element: Element, shade: string): void {
  if (element.getAttribute('data-shade') !== shade) element.setAttribute('data-shade', shade)
}

function show(element: HTMLElement, isShown: boolean): void {
  if (element.hidden === isShown) element.hidden = !isShown
}

/** Area tells the share: an equal part of a mixture of n is as high as √(1/n) of the cell, px. */
function barHeight(share: number): number {
  return Math.max(3, Math.round(15 * Math.sqrt(share)))
}
