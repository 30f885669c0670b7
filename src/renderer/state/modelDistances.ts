/** How far models are apart, as squares of shades show it. Pure. */
import { csvTable } from '#shared/csvText'
import type { ModelDistances } from '#shared/modelInspection'

type Square = readonly (readonly (number | null)[])[]

/** The lowest and the highest of what is between two different models; null with nothing there. */
export function rangeBetween(values: Square): { low: number; high: number } | null {
  const others = values.flatMap((row, i) => row.filter((one, j) => j < i && one !== null))
  const known = others as number[]
  return known.length === 0 ? null : { low: Math.min(...known), high: Math.max(...known) }
}

/**
 * Shade of a cosine between whole weights. Those of siblings are close to 1, so that the scale goes
 * from the lowest there is: it is purple where models lie together, and has none where they part.
 */
export function closenessShade(value: number | null, values: Square): number | null {
  const range = rangeBetween(values)
  if (value === null || !range || range.low >= 1) return null
  return -Math.max(0, Math.min(1, (value - range.low) / (1 - range.low)))
}

/** Shade of a distance: orange where models are furthest apart. */
export function distanceShade(value: number | null, values: Square): number | null {
  const range = rangeBetween(values)
  return value === null || !range || range.high === 0 ? null : value / range.high
}

/** So many digits that the closest and the furthest are told apart; three at least, eight at most. */
export function cosineWords(value: number | null, values: Square): string {
  if (value === null) return '–'
  const range = rangeBetween(values)
  const apart = range ? 1 - range.low : 1
  const digits = Math.max(3, Math.min(8, Math.ceil(-Math.log10(Math.max(apart, 1e-9))) + 1))
  return value.toFixed(digits).replace('-', '−')
}

export function distancesCsv({ models, relativeDistances, cosines }: ModelDistances): string {
  return csvTable(
    ['model', 'other', 'relative_distance', 'cosine'],
    models.flatMap((model, i) =>
      models
        .slice(i + 1)
        .map((other, j) => [
          model,
          other,
          relativeDistances[i]![i + 1 + j]!,
          cosines[i]![i + 1 + j] ?? null
        ])
    )
  )
}

export function waysCsv(models: readonly string[], cosines: Square): string {
  return csvTable(
    ['model', ...models],
    models.map((model, i) => [model, ...(cosines[i] ?? [])])
  )
}
