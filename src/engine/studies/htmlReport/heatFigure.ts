/** How well every proxy ranks mixtures on every domain, as a map of colours with its numbers. */
import { correlation } from '#shared/numberWords'
import type { ProxyComparison } from '../evidence/comparison'
import { markup } from './markup'
import type { Piece } from './markup'
import { at, shortened } from './plotFrame'

const LEFT = 168
const TOP = 118
const CELL = { width: 46, height: 20 }

/** At ρ = ±1; the paper shows through, so that the number is read on it. */
const DEEPEST = 0.6

/**
 * Draws ρ within sizes: a row per domain, a column per proxy, both in the order of the rows.
 *
 * Means are taken of logs alone. Blue stands for agreement, orange for its opposite.
 */
export function heatFigure(rows: readonly ProxyComparison[]): Piece {
  const shown = rows.filter(
    ({ domainKind, domain }) => domainKind !== 'mean' || domain.endsWith('-log')
  )
  const domains = [...new Set(shown.map(({ domain }) => domain))]
  const proxies = [...new Set(shown.map(({ proxy }) => proxy as string))]
  const known = new Map(shown.map((row) => [`${row.domain}\n${row.proxy}`, row.spearman.value]))
  const left = (column: number) => LEFT + CELL.width * column
  const top = (row: number) => TOP + CELL.height * row
  const heads = proxies.map((proxy, column) => {
    const [x, y] = [left(column) + CELL.width / 2, TOP - 8]
    return markup`<text class="label" x="${x}" y="${y}" transform="rotate(-45 ${x} ${y})">${proxy}</text>`
  })
  const lines = domains.map((domain, row) => {
    const cells = proxies.map((proxy, column) => {
      const value = known.get(`${domain}\n${proxy}`) ?? null
      const words = `${proxy} on ${domain}: ρ ${correlation(value)}`
      const middle = `x="${left(column) + CELL.width / 2}" y="${top(row) + 14}"`
      if (value === null) {
        return markup`<text ${{ html: middle }} text-anchor="middle">—<title>${words}</title></text>`
      }
      const depth = (Math.abs(value) * DEEPEST).toFixed(2)
      return markup`<g><title>${words}</title><rect class="${value < 0 ? 'against' : 'along'}" x="${left(column) + 1}" y="${top(row) + 1}" width="${CELL.width - 2}" height="${CELL.height - 2}" fill-opacity="${depth}"/><text class="label" ${{ html: middle }} text-anchor="middle">${correlation(value)}</text></g>`
    })
    return markup`<text class="label" x="${LEFT - 8}" y="${top(row) + 14}" text-anchor="end">${shortened(domain, 28)}<title>${domain}</title></text>${cells}\n`
  })
  const width = left(proxies.length) + 90
  const height = top(domains.length) + 4
  const said = `Spearman’s ρ within sizes of ${proxies.length} proxies on ${domains.length} domains and means; the numbers are in the figure and in comparison.csv`
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${said}">
${heads}
${lines}<line class="grid" x1="${LEFT}" x2="${at(left(proxies.length))}" y1="${TOP}" y2="${TOP}"/>
</svg>
`
}
