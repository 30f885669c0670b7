/** The curve of a run in columns, thinned to what can be drawn. */
import type { Curve } from '#shared/trainingView'
import type { TracePoint } from '#shared/records'

/**
 * Columns of a curve: of so many points at most, those that are stored, never means of them.
 *
 * @param most points of the training loss, and of each held-out domain; the last one always stays
 */
export function curveOf(
  run: string,
  points: readonly TracePoint[],
  most: number,
  isWhole: boolean
): Curve {
  const domains = [...new Set(points.flatMap((point) => Object.keys(point.heldOut ?? {})))]
  return {
    run,
    isWhole,
    ...columns(thinned(points, most), (point) => point.loss),
    heldOut: domains.map((domain) => ({
      domain,
      ...columns(
        thinned(
          points.filter((point) => point.heldOut?.[domain] !== undefined),
          most
        ),
        (point) => point.heldOut![domain]!
      )
    }))
  }
}

function columns(points: readonly TracePoint[], lossOf: (point: TracePoint) => number) {
  return {
    steps: points.map(({ step }) => step),
    tokens: points.map(({ tokens }) => tokens),
    losses: points.map(lossOf)
  }
}

/** Every so manieth point, the last one always. */
function thinned(points: readonly TracePoint[], most: number): readonly TracePoint[] {
  const step = Math.max(1, Math.ceil(points.length / Math.max(1, most)))
  return points.filter((_, i) => i % step === 0 || i === points.length - 1)
}
