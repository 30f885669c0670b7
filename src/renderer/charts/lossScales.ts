/** Scales and ticks of loss curves, linear or logarithmic. */
import { scaleLinear, scaleLog } from 'd3-scale'
import type { ScaleContinuousNumeric } from 'd3-scale'

export type AxisScale = ScaleContinuousNumeric<number, number>

/** A part of the axis, from one value to another. */
export type Span = readonly [number, number]

/**
 * A scale over values.
 *
 * @param isLog logarithmic where all values are above zero; else linear
 * @param range in px
 */
export function axisScale(domain: Span, range: Span, isLog: boolean): AxisScale {
  const [low, high] = domain[0] === domain[1] ? [domain[0] - 0.5, domain[1] + 0.5] : domain
  const isPositive = low > 0
  return isLog && isPositive ? scaleLog([low, high], range) : scaleLinear([low, high], range)
}

/** A few ticks: of a logarithmic axis those that read well. */
export function fewTicks(scale: AxisScale, most: number): number[] {
  const ticks = scale.ticks(most)
  if (ticks.length <= most + 2) return ticks
  const leading = (tick: number) => Number(tick.toExponential()[0])
  const round = ticks.filter((tick) => [1, 2, 5].includes(leading(tick)))
  if (round.length <= most + 2) return round
  return ticks.filter((tick) => leading(tick) === 1)
}
