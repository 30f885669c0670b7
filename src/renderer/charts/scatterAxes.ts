/** Axes of a scatter plot, and the line and band of a fit along them. Pure. */
import { extent } from 'd3-array'
import { scaleLinear, scaleLog } from 'd3-scale'
import { area, line } from 'd3-shape'
import { bandAt } from '#shared/fittedLine'
import type { Fit } from '#shared/fittedLine'

/** Linear, log, or log where values span more than a decade. */
export type AxesChoice = 'auto' | 'linear' | 'log'

/** A scale of one axis. */
export interface Axis {
  (value: number): number
  invert(place: number): number
  domain(): number[]
  ticks(count: number): number[]
}

/** Whether axes are logarithmic: perplexities may be, nats are logs already. */
export function isLogAxis(choice: AxesChoice, unit: string, values: readonly number[]): boolean {
  const [low, high] = extent(values)
  if (unit !== 'perplexity' || low === undefined || low <= 0) return false
  return choice === 'log' || (choice === 'auto' && high! / low > 10)
}

/** First and last value of an axis, with a little room on both sides. */
export function roomyExtent(values: readonly number[], isLog: boolean): [number, number] {
  const [low = 1, high = 2] = extent(values)
  if (isLog) {
    const room = Math.max((high / low) ** 0.05, 1.01)
    return [low / room, high * room]
  }
  const room = (high - low) * 0.06 || Math.abs(low) * 0.05 || 0.5
  return [low - room, high + room]
}

/** A scale over so much, drawn into a range. */
export function axisOver(
  over: readonly [number, number],
  range: readonly [number, number],
  isLog: boolean
): Axis {
  return isLog ? scaleLog(over, range) : scaleLinear(over, range)
}

/** Few ticks: on a log axis ones, twos and fives, or the ones alone; all where these are too few. */
export function ticksOf(axis: Axis, count: number, isLog: boolean): number[] {
  const ticks = axis.ticks(count)
  if (!isLog) return ticks
  const first = (tick: number) => Number(tick.toExponential()[0])
  const some = ticks.filter((tick) => [1, 2, 5].includes(first(tick)))
  if (some.length > count + 1) return some.filter((tick) => first(tick) === 1)
  if (some.length >= 2) return some
  const [low, high] = axis.domain() as [number, number]
  return scaleLinear([low, high], [0, 1]).ticks(count)
}

/** Where both axes hold the same value, as far as it is in the picture; null where it is not. */
export function identityOf(x: Axis, y: Axis): { from: number; to: number } | null {
  const [x0, x1] = x.domain() as [number, number]
  const [y0, y1] = y.domain() as [number, number]
  const [from, to] = [Math.max(x0, y0), Math.min(x1, y1)]
  return from < to ? { from, to } : null
}

/** Places at which a line and its band are drawn. */
const STEPS = 24

/** A fit as paths along the axes: one line and band per group of mixtures. */
export function fitPaths(
  fit: Fit,
  x: Axis,
  y: Axis,
  isLog: boolean
): { line: string; band: string }[] {
  const back = (value: number) => (isLog ? Math.exp(value) : value)
  const path = line<{ x: number; y: number }>(
    (one) => x(one.x),
    (one) => y(one.y)
  )
  const shape = area<{ x: number; low: number; high: number }>(
    (one) => x(one.x),
    (one) => y(one.low),
    (one) => y(one.high)
  )
  return fit.lines
    .filter(({ from, to }) => from < to)
    .map((own) => {
      const points = Array.from({ length: STEPS + 1 }, (_, i) => {
        const at = own.from + ((own.to - own.from) * i) / STEPS
        const { y: middle, low, high } = bandAt(fit, own, at)
        return { x: back(at), y: back(middle), low: back(low), high: back(high) }
      })
      return { line: path(points) ?? '', band: shape(points) ?? '' }
    })
}
