/** Ranks by a proxy beside true ranks: one line per mixture, level where both agree. */
import { markup } from '../htmlReport/markup'
import type { Piece } from '../htmlReport/markup'
import type { Ranking } from '../rankings'

const WIDTH = 560
const LEFT = 210
const RIGHT = 350
const STEP = 18
const TOP = 26

/** Names longer than this are cut; the title of the line has them whole. */
const LONGEST = 32

/**
 * Draws the trained mixtures of one ranking, best on top; null where there are not two.
 *
 * Lines that cross are pairs that proxy and training order differently. Equal ranks share a place.
 *
 * @param words what stands above both columns
 */
export function bumpFigure(ranking: Ranking, words: { proxy: string; truth: string }): Piece {
  const trained = ranking.mixtures.flatMap((one) =>
    one.rankAmongTrained === null || one.sequentialRank === null
      ? []
      : [{ name: one.mixture, proxy: one.rankAmongTrained, truth: one.sequentialRank }]
  )
  if (trained.length < 2) return null
  const height = TOP + trained.length * STEP
  const y = (rank: number) => TOP + (rank - 0.5) * STEP
  const label = `Size ${ranking.size}: ${trained.map(({ name, proxy, truth }) => `${name} ${proxy} to ${truth}`).join(', ')}`
  const short = (name: string) => (name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name)
  const seen = new Set<string>()
  /** Of equals only the first is named: names would lie upon one another. */
  const isFirst = (side: string, rank: number) => {
    const key = `${side} ${rank}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  }
  const lines = trained.map(({ name, proxy, truth }) => {
    const left = isFirst('left', proxy) ? `${short(name)} ${proxy}` : ''
    const right = isFirst('right', truth) ? `${truth} ${short(name)}` : ''
    return markup`<g><title>${`${name}: rank ${proxy} by the proxy, ${truth} when trained`}</title><line class="${proxy === truth ? 'fit' : 'identity'}" x1="${LEFT}" x2="${RIGHT}" y1="${y(proxy)}" y2="${y(truth)}"/><circle class="dot mean" cx="${LEFT}" cy="${y(proxy)}" r="3"/><circle class="dot mean" cx="${RIGHT}" cy="${y(truth)}" r="3"/><text x="${LEFT - 8}" y="${y(proxy) + 3}" text-anchor="end">${left}</text><text x="${RIGHT + 8}" y="${y(truth) + 3}">${right}</text></g>\n`
  })
  return markup`<figure>
<figcaption><strong>Size ${ranking.size}</strong> <span class="quiet">${trained.length} mixtures</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${height}" style="max-width: ${WIDTH}px" role="img" aria-label="${label}">
<text x="${LEFT}" y="12" text-anchor="end">${words.proxy}</text><text x="${RIGHT}" y="12">${words.truth}</text>
${lines}</svg>
</figure>
`
}
