/** Losses of windows, averaged by how far a domain's partition is from the window. Pure. */
import type { SeriesWindow } from '#shared/seriesView'

/** Loss by the proxy inside the window, next to it, and further away; null where there is none. */
export interface WindowMeans {
  from: string
  to: string
  means: (number | null)[]
}

/** The windows of one width, in order. */
export function meansByWindow(windows: readonly SeriesWindow[], width: number): WindowMeans[] {
  const own = windows.filter((one) => one.width === width)
  const firsts = [...new Set(own.map(({ first }) => first))].sort((a, b) => a - b)
  return firsts.map((first) => {
    const of = own.filter((one) => one.first === first)
    const means = [0, 1, 2].map((distance) => {
      const losses = of.flatMap((one) =>
        one.distance !== null && Math.min(2, one.distance) === distance && one.proxy !== null
          ? [one.proxy]
          : []
      )
      return losses.length === 0 ? null : losses.reduce((sum, one) => sum + one, 0) / losses.length
    })
    return { from: of[0]!.from, to: of[0]!.to, means }
  })
}
