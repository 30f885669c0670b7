/** Axes of the report's figures: plain arithmetic, since d3 belongs to the window. */

/** One axis of a figure: places of values, from its first to its last. */
export interface Axis {
  (value: number): number
  low: number
  high: number
  isLog: boolean
}

/** A scale from values to places; `isLog` needs values above 0. */
export function axisOver(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
  isLog = false
): Axis {
  const of = isLog ? Math.log : (value: number) => value
  const span = of(high) - of(low) || 1
  const place = (value: number) => from + ((of(value) - of(low)) / span) * (to - from)
  return Object.assign(place, { low, high, isLog })
}

/** Smallest and largest of the values with a little room on both sides. */
export function roomy(values: readonly number[], isLog: boolean): [number, number] {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (isLog) {
    const room = Math.max((high / low) ** 0.05, 1.01)
    return [low / room, high * room]
  }
  const room = (high - low) * 0.06 || Math.abs(low) * 0.05 || 0.5
  return [low - room, high + room]
}

/** A few round values along an axis: steps of 1, 2 or 5, powers of ten over many decades. */
export function ticksOf({ low, high, isLog }: Axis, count: number): number[] {
  const decades = isLog ? Math.log10(high / low) : 0
  return decades >= 1 ? logTicks(low, high, decades, count) : linearTicks(low, high, count)
}

function linearTicks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const wide = [1, 2, 5].find((factor) => factor * power >= rough) ?? 10
  const ticks = multiples(low, high, wide * power)
  if (ticks.length > 2) return ticks
  // Steps of the next smaller kind: too few ticks say nothing about the scale.
  return multiples(low, high, power * (wide === 1 ? 0.5 : wide === 5 ? 2 : wide / 2))
}

function multiples(low: number, high: number, step: number): number[] {
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12))
  )
}

function logTicks(low: number, high: number, decades: number, count: number): number[] {
  const every = Math.max(1, Math.ceil(decades / count))
  const factors = decades * 3 <= count ? [1, 2, 5] : decades * 2 <= count ? [1, 3] : [1]
  const found: number[] = []
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    if (power % every !== 0) continue
    found.push(...factors.map((factor) => Number((factor * 10 ** power).toPrecision(3))))
  }
  const inside = found.filter((tick) => tick >= low && tick <= high)
  return inside.length >= 2 ? inside : linearTicks(low, high, count)
}
