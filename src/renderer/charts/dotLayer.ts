/** Many dots as plain columns: their values, their places in the picture, and how each looks. Pure. */
import type { Mark } from './marks'
import type { Axis } from './scatterAxes'

/** A way a dot looks; few of them serve thousands of dots. */
export interface DotStyle {
  mark: Mark
  /** Below others, hardly seen: outside the stratum, or not selected. */
  isFaint: boolean
}

/** Dots from which on they are drawn smaller and lighter, so that a crowd shows where it is dense. */
const FEW = 1500

/** How large a dot is among so many, as a share of its size among few. */
export function sizeAmong(count: number): number {
  return Math.max(0.4, Math.min(1, (FEW / count) ** 0.3))
}

/** How strongly a dot is drawn among so many; those selected stand out of any crowd. */
export function opacityAmong(count: number, { isFaint }: DotStyle, isSelection: boolean): number {
  const share = Math.min(1, (FEW / count) ** 0.5)
  if (isFaint) return Math.max(0.04, 0.15 * share)
  return isSelection ? 0.8 : Math.max(0.2, 0.8 * share)
}

/** Dots where they are drawn. */
export interface DotLayer {
  xs: Float32Array
  ys: Float32Array
  styles: DotStyle[]
  /** Place of each dot's style among `styles`. */
  styleOf: Uint16Array
}

/** Styles in the order they are drawn: faint ones lie below. */
export function drawingOrder(styles: readonly DotStyle[]): number[] {
  return [...styles.keys()].sort((a, b) => Number(styles[b]!.isFaint) - Number(styles[a]!.isFaint))
}

/** Values as the axis measures them: their logs on a log axis. */
export function measured(values: readonly number[], isLog: boolean): Float64Array {
  return Float64Array.from(values, isLog ? Math.log : Number)
}

/**
 * Places along an axis. The same as asking the axis for each, but twenty times as quick, since an
 * axis is a straight line over what {@link measured} gives: panning moves thousands at a time.
 */
export function placesAlong(values: Float64Array, axis: Axis, isLog: boolean): Float32Array {
  const [first, last] = axis.domain() as [number, number]
  const [from, to] = measured([first, last], isLog) as unknown as [number, number]
  const start = axis(first)
  const step = (axis(last) - start) / (to - from)
  const places = new Float32Array(values.length)
  for (let i = 0; i < places.length; i++) places[i] = start + (values[i]! - from) * step
  return places
}

/**
 * Numbers the looks of dots: those with one key share a number.
 *
 * @param keyOf a small whole number that says how an item looks
 * @param styleOf the look itself; asked once per key
 */
export function numberStyles<T>(
  items: readonly T[],
  keyOf: (item: T) => number,
  styleOf: (item: T) => DotStyle
): Pick<DotLayer, 'styles' | 'styleOf'> {
  const numbers = new Map<number, number>()
  const styles: DotStyle[] = []
  const numberOf = new Uint16Array(items.length)
  items.forEach((item, i) => {
    const key = keyOf(item)
    const known = numbers.get(key)
    numberOf[i] = known ?? styles.push(styleOf(item)) - 1
    if (known === undefined) numbers.set(key, numberOf[i])
  })
  return { styles, styleOf: numberOf }
}
