/** Losses along lines of one kind, above what is straight between their ends. */
import { LINE_POINTS } from '#shared/diagnosis'
import { tickWords } from '#shared/numberWords'
import { axisOver, roomy, ticksOf } from './axis'
import { markup } from './markup'
import type { Piece } from './markup'
import { spoken } from './numbers'

const BOX = { left: 46, top: 8, right: 254, bottom: 128 }

/**
 * Draws lines of one kind.
 *
 * @param lines of each its height at every place
 * @param values what all kinds show together: they share their scale
 */
export function lineFigure(
  title: string,
  lines: readonly (readonly number[])[],
  values: readonly number[]
): Piece {
  const x = axisOver([0, 1], [BOX.left, BOX.right])
  const y = axisOver(roomy([0, ...values], false), [BOX.bottom, BOX.top])
  const middle = (BOX.left + BOX.right) / 2
  const highest = lines.flat().reduce((most, value) => Math.max(most, value), 0)
  const grid = ticksOf(y, 4).map(
    (tick) =>
      markup`<line class="grid" x1="${BOX.left}" x2="${BOX.right}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}"/><text x="${BOX.left - 5}" y="${(y(tick) + 3).toFixed(1)}" text-anchor="end">${tickWords(tick)}</text>`
  )
  const places = LINE_POINTS.map(
    (t) => markup`<text x="${x(t)}" y="${BOX.bottom + 13}" text-anchor="middle">${t}</text>`
  )
  const drawn = lines.map((line) => {
    const points = line.map((value, i) => `${x(LINE_POINTS[i]!)},${y(value).toFixed(1)}`)
    return markup`<polyline class="fit" points="${points.join(' ')}"/>`
  })
  return markup`<figure>
<figcaption><strong>${title}</strong><br>n ${lines.length}, highest ${spoken(highest)} nats/token above the straight line</figcaption>
<svg viewBox="0 0 260 162" role="img" aria-label="${`${title}: loss above the straight line along ${lines.length} lines, highest ${spoken(highest)} nats per token`}">
${grid}${places}<line class="identity" x1="${BOX.left}" x2="${BOX.right}" y1="${y(0).toFixed(1)}" y2="${y(0).toFixed(1)}"/>
${drawn}
<text x="${middle}" y="156" text-anchor="middle">t</text>
<text transform="translate(10,${(BOX.top + BOX.bottom) / 2}) rotate(-90)" text-anchor="middle">nats/token</text>
</svg>
</figure>
`
}
