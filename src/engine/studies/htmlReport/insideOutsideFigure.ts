/** Agreement on domains of the partitions beside that on others, line by line, with intervals. */
import { widerInterval } from '#shared/evidenceView'
import { correlation, tickWords, withInterval } from '#shared/numberWords'
import type { Estimate } from '#shared/evidenceView'
import type { AgreementRow } from '../agreement'
import type { ProxyComparison } from '../evidence/comparison'
import { axisOver, ticksOf } from './axis'
import { markup } from './markup'
import type { Piece } from './markup'
import { at, shortened } from './plotFrame'

const WIDTH = 720
const ROW = 30
const BOX = { left: 170, right: 690, top: 34 }
const BAR = 10

const SIDES = [
  { domain: 'mean-in-log', className: 'first', words: 'in-domain' },
  { domain: 'mean-out-log', className: 'second', words: 'out-of-domain' }
]

/** ρ of one line by domain. */
interface Line {
  words: string
  on: (domain: string) => Estimate | undefined
}

/** A line per proxy: ρ within sizes. */
export function insideOutsideFigure(
  rows: readonly ProxyComparison[],
  proxies: readonly string[]
): Piece {
  const lines = proxies.map((proxy) => ({
    words: proxy,
    on: (domain: string) =>
      rows.find((row) => row.proxy === proxy && row.domain === domain)?.spearman
  }))
  return pairedBars(lines, 'Spearman’s ρ within sizes')
}

/**
 * A line per size of mixture, and one for all of them within their sizes. Null where but one has
 * enough mixtures: then the figure by proxy says it all.
 *
 * @param rows of one proxy and truth budget
 */
export function sizesFigure(rows: readonly AgreementRow[]): Piece {
  const strata = [...new Set(rows.map(({ stratum }) => stratum))].filter((name) =>
    /^(size=|within-size$)/.test(name)
  )
  const lines = strata.map((stratum): Line => {
    const size = /^size=(\d+)$/.exec(stratum)?.[1]
    return {
      words: size === undefined ? 'within sizes' : `mixtures of ${size}`,
      on: (domain) => rows.find((row) => row.stratum === stratum && row.domain === domain)?.spearman
    }
  })
  return lines.filter(isWhole).length < 2 ? null : pairedBars(lines, 'Spearman’s ρ')
}

function isWhole({ on }: Line): boolean {
  return SIDES.every(({ domain }) => typeof on(domain)?.value === 'number')
}

/**
 * Draws two bars per line: ρ on the mean over in-domain and over out-of-domain text, each with the
 * wider of its intervals. Null where no line has both.
 */
function pairedBars(lines: readonly Line[], what: string): Piece {
  const shown = lines.filter(isWhole)
  if (shown.length === 0) return null
  const estimates = shown.flatMap(({ on }) => SIDES.map(({ domain }) => on(domain)!))
  const lows = estimates.map((one) => widerInterval(one)?.low ?? one.value!)
  const x = axisOver([Math.min(0, ...lows), 1], [BOX.left, BOX.right])
  const bottom = BOX.top + ROW * shown.length
  const bars = shown.map(({ words: line, on }, place) => {
    const middle = BOX.top + ROW * (place + 0.5)
    const drawn = SIDES.map(({ domain, className, words }, side) => {
      const one = on(domain)!
      const ends = widerInterval(one)
      const y = middle + (side - 0.5) * (BAR + 1)
      const [from, to] = [Math.min(x(0), x(one.value!)), Math.max(x(0), x(one.value!))]
      return markup`<g><title>${`${line}, ${words}: ρ ${withInterval(one.value, ends)}`}</title><rect class="side ${className}" x="${at(from)}" y="${at(y - BAR / 2)}" width="${at(to - from)}" height="${BAR}"/>${
        ends === null
          ? null
          : markup`<line class="ends" x1="${at(x(ends.low))}" x2="${at(x(ends.high))}" y1="${at(y)}" y2="${at(y)}"/>`
      }</g>`
    })
    return markup`<text class="label" x="${BOX.left - 8}" y="${at(middle + 3)}" text-anchor="end">${shortened(line, 26)}</text>${drawn}\n`
  })
  const grid = ticksOf(x, 6).map(
    (tick) =>
      markup`<line class="grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${BOX.top}" y2="${bottom}"/><text x="${at(x(tick))}" y="${bottom + 14}" text-anchor="middle">${tickWords(tick)}</text>`
  )
  const legend = SIDES.map(
    ({ className, words }, side) =>
      markup`<rect class="side ${className}" x="${BOX.left + 130 * side}" y="9" width="14" height="${BAR}"/><text class="label" x="${BOX.left + 20 + 130 * side}" y="18">${words}</text>`
  )
  const said = shown.map(({ words: line, on }) => {
    const [inside, outside] = SIDES.map(({ domain }) => correlation(on(domain)!.value))
    return `${line} ${inside} and ${outside}`
  })
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 36}" role="img" aria-label="${`${what}, in-domain and out-of-domain: ${said.join('; ')}`}">
${legend}
${grid}
${bars}<line class="zero" x1="${at(x(0))}" x2="${at(x(0))}" y1="${BOX.top}" y2="${bottom}"/>
<text x="${at((BOX.left + BOX.right) / 2)}" y="${bottom + 30}" text-anchor="middle">${what}, mean over domains, with the wider 95 % interval</text>
</svg>
`
}
