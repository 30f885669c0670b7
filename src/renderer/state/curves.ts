/** Curves as the window keeps, smooths and reads them. Pure. */
import type { Curve } from '#shared/contract'

/** A curve to draw or read: columns of the same length, `xs` growing. */
export interface Series {
  xs: readonly number[]
  ys: readonly number[]
}

/** What the horizontal axis counts. */
export type CurveAxis = 'tokens' | 'steps'

/**
 * A known curve with what came since.
 *
 * @param most points to keep of each line; beyond twice as many, every other one goes
 */
export function extended(known: Curve | undefined, news: Curve, most: number): Curve {
  if (!known || news.isWhole) return news
  const domains = new Set([...known.heldOut, ...news.heldOut].map(({ domain }) => domain))
  const find = (curve: Curve, domain: string) =>
    curve.heldOut.find((one) => one.domain === domain) ?? EMPTY
  return {
    run: known.run,
    isWhole: true,
    ...joined(known, news, most),
    heldOut: [...domains].map((domain) => ({
      domain,
      ...joined(find(known, domain), find(news, domain), most)
    }))
  }
}

type Columns = Pick<Curve, 'steps' | 'tokens' | 'losses'>

const EMPTY: Columns = { steps: [], tokens: [], losses: [] }

function joined(known: Columns, news: Columns, most: number): Columns {
  const whole = {
    steps: known.steps.concat(news.steps),
    tokens: known.tokens.concat(news.tokens),
    losses: known.losses.concat(news.losses)
  }
  const { length } = whole.steps
  if (length <= 2 * most) return whole
  const isKept = (_: number, i: number) => i % 2 === 0 || i === length - 1
  return {
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
  for (const { xs, ys } of series) {
    const isWhole = xs.length > 0 && xs[0]! >= from && xs.at(-1)! <= to
    const [least, most] = isWhole ? wholeExtent(ys) : extentBetween(xs, ys, from, to)
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

/** Several figures ask for the same: columns are never changed, so it is found once. */
const extents = new WeakMap<readonly number[], [number, number]>()

function wholeExtent(ys: readonly number[]): [number, number] {
  const known = extents.get(ys)
  if (known) return known
  let [low, high] = [Infinity, -Infinity]
  for (let i = 0; i < ys.length; i++) {
    const y = ys[i]!
    if (y < low) low = y
    if (y > high) high = y
  }
  extents.set(ys, [low, high])
  return [low, high]
}

/** Curves as CSV with full precision: one stored value a line. */
export function curvesCsv(curves: readonly { name: string; curve: Curve }[]): string {
  const rows = curves.flatMap(({ name, curve }) => [
    ...csvRows(name, 'training', curve),
    ...curve.heldOut.flatMap((one) => csvRows(name, one.domain, one))
  ])
  return ['run,loss_on,step,tokens,loss_nats_per_token', ...rows].join('\n') + '\n'
}

function csvRows(name: string, on: string, { steps, tokens, losses }: Columns): string[] {
  return steps.map((step, i) => [quoted(name), quoted(on), step, tokens[i]!, losses[i]!].join(','))
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
