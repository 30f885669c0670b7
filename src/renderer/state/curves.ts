/** Curves as the window keeps, smooths and reads them. Pure. */
import { csvTable } from '#shared/csvText'
import type { Curve } from '#shared/trainingView'

/** A curve to draw or read: columns of the same length, `xs` growing. */
export interface Series {
  xs: readonly number[]
  ys: readonly number[]
  /** Smallest and largest value, where they are known already. */
  extent?: readonly [number, number]
}

type Columns = Pick<Curve, 'steps' | 'tokens' | 'losses'>

/** Columns with the smallest and largest loss that was ever in them. */
export interface KeptColumns extends Columns {
  extent: readonly [number, number]
}

/** A curve as the window keeps it: what grows by a point is not looked through again. */
export interface KeptCurve extends KeptColumns {
  run: string
  heldOut: (KeptColumns & { domain: string })[]
}

/** What the horizontal axis counts. */
export type CurveAxis = 'tokens' | 'steps'

/**
 * A known curve with what came since.
 *
 * @param most points to keep of each line; beyond twice as many, every other one goes
 */
export function extended(known: KeptCurve | undefined, news: Curve, most: number): KeptCurve {
  if (!known || news.isWhole)
    return extended({ run: news.run, ...EMPTY, heldOut: [] }, { ...news, isWhole: false }, most)
  const domains = new Set([...known.heldOut, ...news.heldOut].map(({ domain }) => domain))
  const of = (domain: string) => (one: { domain: string }) => one.domain === domain
  return {
    run: known.run,
    ...joined(known, news, most),
    heldOut: [...domains].map((domain) => ({
      domain,
      ...joined(
        known.heldOut.find(of(domain)) ?? EMPTY,
        news.heldOut.find(of(domain)) ?? EMPTY,
        most
      )
    }))
  }
}

const EMPTY: KeptColumns = { steps: [], tokens: [], losses: [], extent: [Infinity, -Infinity] }

function joined(known: KeptColumns, news: Columns, most: number): KeptColumns {
  const extent = [
    Math.min(known.extent[0], ...news.losses),
    Math.max(known.extent[1], ...news.losses)
  ] as const
  const whole = {
    extent,
    steps: known.steps.concat(news.steps),
    tokens: known.tokens.concat(news.tokens),
    losses: known.losses.concat(news.losses)
  }
  const { length } = whole.steps
  if (length <= 2 * most) return whole
  const isKept = (_: number, i: number) => i % 2 === 0 || i === length - 1
  return {
    extent,
    steps: whole.steps.filter(isKept),
    tokens: whole.tokens.filter(isKept),
    losses: whole.losses.filter(isKept)
  }
}

/**
 * Exponential smoothing that forgets by distance, not by count: points may lie unevenly.
 *
 * @param span distance on the axis after which a point counts 1/e; 0: as it is
 */
export function smoothed({ xs, ys }: Series, span: number): readonly number[] {
  if (span <= 0) return ys
  let sum = 0
  let weight = 0
  return ys.map((y, i) => {
    const kept = i === 0 ? 0 : Math.exp(-(xs[i]! - xs[i - 1]!) / span)
    sum = sum * kept + y
    weight = weight * kept + 1
    return sum / weight
  })
}

/** Place of the point that lies nearest; −1 without any. */
export function nearest(xs: readonly number[], x: number): number {
  let low = 0
  let high = xs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (xs[middle]! < x) low = middle + 1
    else high = middle
  }
  if (low === 0) return xs.length === 0 ? -1 : 0
  if (low === xs.length) return low - 1
  return x - xs[low - 1]! <= xs[low]! - x ? low - 1 : low
}

/** Smallest and largest value of several series between two places of the axis; null without any. */
export function extentOf(
  series: readonly Series[],
  from = -Infinity,
  to = Infinity
): [number, number] | null {
  let [low, high] = [Infinity, -Infinity]
  for (const { xs, ys, extent } of series) {
    const isWhole = xs.length > 0 && xs[0]! >= from && xs.at(-1)! <= to
    const [least, most] = isWhole && extent ? extent : extentBetween(xs, ys, from, to)
    low = Math.min(low, least)
    high = Math.max(high, most)
  }
  return low <= high ? [low, high] : null
}

function extentBetween(
  xs: readonly number[],
  ys: readonly number[],
  from: number,
  to: number
): [number, number] {
  let [low, high] = [Infinity, -Infinity]
  for (let i = 0; i < xs.length; i++) {
    if (xs[i]! < from || xs[i]! > to) continue
    low = Math.min(low, ys[i]!)
    high = Math.max(high, ys[i]!)
  }
  return [low, high]
}

/** Curves as CSV with full precision: one stored value a line. */
export function curvesCsv(curves: readonly { name: string; curve: KeptCurve }[]): string {
  const rows = curves.flatMap(({ name, curve }) => [
    ...csvRows(name, 'training', curve),
    ...curve.heldOut.flatMap((one) => csvRows(name, one.domain, one))
  ])
  return csvTable(['run', 'loss_on', 'step', 'tokens', 'loss_nats_per_token'], rows)
}

function csvRows(
  name: string,
  on: string,
  { steps, tokens, losses }: Columns
): (string | number)[][] {
  return steps.map((step, i) => [name, on, step, tokens[i]!, losses[i]!])
}
