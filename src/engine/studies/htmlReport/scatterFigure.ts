/** A scatter plot of proxy against truth on one domain, with its statistics. */
import { KIND_OUTLINES, KIND_WORDS } from '#shared/domainMarks'
import { bandAt } from '#shared/fittedLine'
import type { Fit } from '#shared/fittedLine'
import { tickWords, withInterval } from '#shared/numberWords'
import type { AgreementRow, Pair } from '../agreement'
import { axisOver, roomy, ticksOf } from './axis'
import type { Axis } from './axis'
import { markup } from './markup'
import type { Piece } from './markup'
import { spoken } from './numbers'

const SIZE = 260
const BOX = { left: 46, top: 6, right: 254, bottom: 218 }
/** Places at which a fitted line and its band are drawn. */
const STEPS = 20

/** What one panel draws. */
export interface ScatterPanel {
  domain: string
  kind: string
  pairs: readonly Pair[]
  /** Statistics within sizes; null where there are none. */
  agreement: AgreementRow | null
}

/**
 * Draws a panel: identity dashed, one line and band per size, a dot per mixture.
 *
 * @param options `hasNames`: every dot says its mixture where it is pointed at
 */
export function scatterFigure(panel: ScatterPanel, options: { hasNames: boolean }): Piece {
  const { domain, kind, pairs, agreement } = panel
  const isLogMean = domain.endsWith('-log')
  const xs = pairs.map((pair) => pair.proxyPerplexity)
  const ys = pairs.map((pair) => pair.sequentialPerplexity)
  const isLog = !isLogMean && spansDecade([...xs, ...ys])
  const x = axisOver(roomy(xs, isLog), [BOX.left, BOX.right], isLog)
  const y = axisOver(roomy(ys, isLog), [BOX.bottom, BOX.top], isLog)
  const unit = isLogMean ? 'nats/token' : 'perplexity'
  const fit = agreement?.fit?.[isLog ? 'log' : 'plain'] ?? null
  const id = `plot-${domain}-${pairs[0]?.budget ?? ''}`.replace(/[^\w-]/g, '_')
  const words = statistics(agreement)
  return markup`<figure>
<figcaption><strong>${domain}</strong> <span class="quiet">${KIND_WORDS[kind] ?? kind}</span><br>${words}</figcaption>
<svg viewBox="0 0 ${SIZE} ${SIZE - 4}" role="img" aria-label="${`${domain}: proxy against sequential ${unit} of ${pairs.length} mixtures; ${words}`}">
<clipPath id="${id}"><rect x="${BOX.left}" y="${BOX.top}" width="${BOX.right - BOX.left}" height="${BOX.bottom - BOX.top}"/></clipPath>
${gridOf(x, y)}
<g clip-path="url(#${id})">${fit === null ? null : fitted(fit, x, y)}${identity(x, y)}${pairs.map((pair) => dotOf(pair, kind, x, y, options.hasNames))}</g>
<text x="${(BOX.left + BOX.right) / 2}" y="${SIZE - 10}" text-anchor="middle">proxy, ${unit}</text>
<text transform="translate(10,${(BOX.top + BOX.bottom) / 2}) rotate(-90)" text-anchor="middle">sequential, ${unit}</text>
</svg>
</figure>
`
}

function spansDecade(values: readonly number[]): boolean {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity)
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
  return low > 0 && high / low > 10
}

function statistics(agreement: AgreementRow | null): string {
  if (agreement === null) return 'no statistic within sizes'
  const { pearson, spearman, kendall, n } = agreement
  if (spearman.value === null) return `too few comparable mixtures or no spread, n ${n}`
  const named = [
    ['r', pearson],
    ['ρ', spearman],
    ['τ', kendall]
  ] as const
  // A value stays on the line of its name.
  const words = named.map(([name, { value, interval }]) =>
    `${name} ${withInterval(value, interval)}`.replaceAll(' ', '\u00a0')
  )
  return [...words, `n ${n}`].join(' · ')
}

const short = (place: number) => place.toFixed(1)

function gridOf(x: Axis, y: Axis): Piece {
  const { left, right, top, bottom } = BOX
  const across = ticksOf(x, 4).map(
    (tick) =>
      markup`<line class="grid" x1="${short(x(tick))}" x2="${short(x(tick))}" y1="${top}" y2="${bottom}"/><text x="${short(x(tick))}" y="${bottom + 13}" text-anchor="middle">${tickWords(tick)}</text>`
  )
  const up = ticksOf(y, 4).map(
    (tick) =>
      markup`<line class="grid" x1="${left}" x2="${right}" y1="${short(y(tick))}" y2="${short(y(tick))}"/><text x="${left - 5}" y="${short(y(tick) + 3)}" text-anchor="end">${tickWords(tick)}</text>`
  )
  return [across, up]
}

function identity(x: Axis, y: Axis): Piece {
  const [from, to] = [Math.max(x.low, y.low), Math.min(x.high, y.high)]
  if (from >= to) return null
  return markup`<line class="identity" x1="${short(x(from))}" y1="${short(y(from))}" x2="${short(x(to))}" y2="${short(y(to))}"/>`
}

function fitted(fit: Fit, x: Axis, y: Axis): Piece {
  const back = (value: number) => (x.isLog ? Math.exp(value) : value)
  // Below what a linear axis shows there is still a place; the clip hides it.
  const point = (at: number, value: number) => `${short(x(back(at)))},${short(y(back(value)))}`
  return fit.lines
    .filter(({ from, to }) => from < to)
    .map((line) => {
      const places = Array.from(
        { length: STEPS + 1 },
        (_, i) => line.from + ((line.to - line.from) * i) / STEPS
      )
      const along = places.map((at) => ({ at, ...bandAt(fit, line, at) }))
      const middle = along.map((one) => point(one.at, one.y)).join(' ')
      const upper = along.map((one) => point(one.at, one.high))
      const lower = along.map((one) => point(one.at, one.low)).reverse()
      return markup`<polygon class="band" points="${[...upper, ...lower].join(' ')}"/><polyline class="fit" points="${middle}"/>`
    })
}

function dotOf(pair: Pair, kind: string, x: Axis, y: Axis, hasName: boolean): Piece {
  const { mixture, proxyPerplexity, sequentialPerplexity } = pair
  const at = `translate(${short(x(proxyPerplexity))},${short(y(sequentialPerplexity))})`
  const name = `${mixture}: proxy ${spoken(proxyPerplexity)}, sequential ${spoken(sequentialPerplexity)}`
  return markup`<path class="dot ${kind}" d="${KIND_OUTLINES[kind] ?? KIND_OUTLINES['mean']!}" transform="${at}">${hasName ? markup`<title>${name}</title>` : null}</path>`
}
