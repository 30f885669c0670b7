/** Rows of a table in the order of one of its columns. Pure. */

export interface RowOrder<Column> {
  column: Column
  isUp: boolean
}

/** In the order of a column; what nobody knows is last either way, and equal ones stay as they are. */
export function inOrder<Row, Column>(
  rows: readonly Row[],
  order: RowOrder<Column> | null,
  valueOf: (row: Row, column: Column) => string | number | null
): Row[] {
  if (!order) return [...rows]
  const sign = order.isUp ? 1 : -1
  return [...rows].sort((one, other) => {
    const [a, b] = [valueOf(one, order.column), valueOf(other, order.column)]
    if (a === null || b === null) return Number(a === null) - Number(b === null)
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b)
    return sign * String(a).localeCompare(String(b), 'en', { numeric: true })
  })
}

/** After a press on a column's head: up, down, as they come. */
export function nextOrder<Column>(
  order: RowOrder<Column> | null,
  column: Column
): RowOrder<Column> | null {
  if (order?.column !== column) return { column, isUp: true }
  return order.isUp ? { column, isUp: false } : null
}
