/** What leaving partitions out, or adding them, changes: bars by proxy, marks by training. */
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import { tickWords } from '#shared/numberWords'
import type { SeriesEffect, SeriesResult } from '#shared/seriesView'
import { axisOver, roomy, ticksOf } from './axis'
import { markup } from './markup'
import type { Piece } from './markup'
import { spoken } from './numbers'
import { at, markOf, shortened } from './plotFrame'

const WIDTH = 720
const ROW = 22
const BOX = { left: 210, right: 700, top: 40 }

/** What a change means, in words. */
function titleOf(kind: SeriesResult['kind']): string {
  return kind === 'leave-one-out'
    ? 'Loss without a partition less loss of all: to the right, it helps'
    : 'Loss with a partition less loss of those kept: to the left, it helps'
}

/** Bars on the mean over all domains, what helps most first. */
export function effectsFigure({ kind, effects }: SeriesResult): Piece {
  const rows = effects.filter(({ domain }) => domain === HEADLINE_DOMAIN)
  const sign = kind === 'leave-one-out' ? -1 : 1
  const size = ({ proxy, truth }: SeriesEffect) => sign * (proxy ?? truth ?? 0)
  rows.sort((a, b) => size(a) - size(b))
  const values = rows.flatMap(({ proxy, truth }) => [proxy, truth]).filter((one) => one !== null)
  const x = axisOver(roomy([0, ...values], false), [BOX.left, BOX.right])
  const bottom = BOX.top + ROW * Math.max(1, rows.length)
  const zero = x(0)
  const bars = rows.map(({ partition, proxy, truth }, place) => {
    const middle = BOX.top + ROW * (place + 0.5)
    const to = proxy === null ? zero : x(proxy)
    const told = (what: string, value: number | null) =>
      `${partition}, ${what}: ${spoken(value)} nats per token`
    return markup`<text class="label" x="${BOX.left - 8}" y="${at(middle + 3)}" text-anchor="end">${shortened(partition, 32)}</text>
<rect class="change" x="${at(Math.min(zero, to))}" y="${at(middle - 6)}" width="${at(Math.abs(to - zero))}" height="12"><title>${told('merge-micro', proxy)}</title></rect>${truth === null ? null : markOf(1, x(truth), middle, told('sequential', truth))}`
  })
  const grid = ticksOf(x, 6).map(
    (tick) =>
      markup`<line class="grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${BOX.top}" y2="${bottom}"/><text x="${at(x(tick))}" y="${bottom + 14}" text-anchor="middle">${tickWords(tick)}</text>`
  )
  const said = rows.map(
    ({ partition, proxy, truth }) =>
      `${partition}: ${spoken(proxy)}${truth === null ? '' : `, trained ${spoken(truth)}`}`
  )
  const title = titleOf(kind)
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 40}" role="img" aria-label="${`${title}. ${said.join('; ')}`}">
<text class="label" x="10" y="14">${title}</text>
<text x="10" y="30">bars: micro merge; diamonds: sequential models, where trained</text>
${grid}
${bars}
<line class="zero" x1="${at(zero)}" x2="${at(zero)}" y1="${BOX.top}" y2="${bottom}"/>
<text x="${at((BOX.left + BOX.right) / 2)}" y="${bottom + 31}" text-anchor="middle">change of the mean loss over all domains, nats per token</text>
</svg>
`
}
