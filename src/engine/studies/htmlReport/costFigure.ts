/** Runs against the number of partitions, on a logarithmic axis. */
import { countsShown, WAYS } from '../naiveWays'
import { axisOver, ticksOf } from './axis'
import { markup } from './markup'
import type { Piece } from './markup'

const WIDTH = 460
const HEIGHT = 240
const BOX = { left: 46, top: 10, right: 340, bottom: 200 }

/** @param members partitions, or units, of the study at hand: a hairline marks it */
export function costFigure(members: number): Piece {
  const counts = countsShown(members)
  const last = counts.at(-1)!
  const x = axisOver([2, last], [BOX.left, BOX.right])
  const y = axisOver([1, 2 ** last], [BOX.bottom, BOX.top], true)
  const own = Math.min(last, Math.max(2, members))
  const place = (value: number) => value.toFixed(1)
  const lines = WAYS.map(({ name, className, runs }) => {
    const points = counts.map((n) => `${place(x(n))},${place(y(runs(n)))}`).join(' ')
    return markup`<polyline class="way ${className}" points="${points}"/><circle class="own ${className}" cx="${place(x(own))}" cy="${place(y(runs(own)))}" r="3.5"/><text class="label" x="${BOX.right + 6}" y="${place(y(runs(last)) + 3)}">${name}</text>`
  })
  const across = ticksOf(x, 6)
    .filter(Number.isInteger)
    .map(
      (n) =>
        markup`<line class="grid" x1="${place(x(n))}" x2="${place(x(n))}" y1="${BOX.top}" y2="${BOX.bottom}"/><text x="${place(x(n))}" y="${BOX.bottom + 14}" text-anchor="middle">${n}</text>`
    )
  const up = ticksOf(y, 5).map(
    (runs) =>
      markup`<line class="grid" x1="${BOX.left}" x2="${BOX.right}" y1="${place(y(runs))}" y2="${place(y(runs))}"/><text x="${BOX.left - 5}" y="${place(y(runs) + 3)}" text-anchor="end">10<tspan dy="-4" font-size="7">${Math.round(Math.log10(runs))}</tspan></text>`
  )
  const said = WAYS.map(({ name, runs }) => `${name} = ${runs(own)}`).join('; ')
  return markup`<figure class="cost">
<figcaption><strong>Training runs against the number of partitions</strong> <span class="quiet">one base unit each, logarithmic; dots at this study’s n = ${members}</span></figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${`Training runs against the number of partitions n; at n = ${own}: ${said}`}">
${across}${up}
<line class="identity" x1="${place(x(own))}" x2="${place(x(own))}" y1="${BOX.top}" y2="${BOX.bottom}"/>
${lines}
<text x="${(BOX.left + BOX.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">partitions, n</text>
<text transform="translate(10,${(BOX.top + BOX.bottom) / 2}) rotate(-90)" text-anchor="middle">training runs</text>
</svg>
</figure>
`
}
