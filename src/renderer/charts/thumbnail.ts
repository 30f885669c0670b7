/** A matrix as small as a stamp: its cells gathered by shade, so that a list of many stays light. Pure. */

/** Changes by row, then column: against the seed, null where nothing is measured. */
type Cells = readonly (readonly (number | null)[])[]

/** Steps of the shades on either side of the seed. */
const STEPS = 8

/** Cells of one shade as one path, in units of a cell. */
export interface ShadePath {
  isBetter: boolean
  /** From 1 / 8 to 1. */
  strength: number
  path: string
}

/** Cells by shade around the seed, each column to its own end: what differs in it is seen. */
export function shadePaths(cells: Cells): ShadePath[] {
  const byShade = new Map<number, string>()
  const columns = Array.from({ length: cells[0]?.length ?? 0 }, (_, x) => x)
  for (const x of columns) {
    const reach = Math.max(...cells.map((row) => Math.abs(row[x] ?? 0)))
    cells.forEach((row, y) => {
      const step = reach === 0 ? 0 : Math.round(((row[x] ?? 0) / reach) * STEPS)
      if (step !== 0) byShade.set(step, `${byShade.get(step) ?? ''}M${x} ${y}h1v1h-1z`)
    })
  }
  return [...byShade].map(([step, path]) => ({
    isBetter: step < 0,
    strength: Math.abs(step) / STEPS,
    path
  }))
}
