/** Loss by window of partitions: inside of it, beside it, and elsewhere. */
import type { SeriesResult, SeriesWindow } from '#shared/seriesView'
import { axisOver, roomy } from './axis'
import { markup } from './markup'
import type { Piece } from './markup'
import { spoken } from './numbers'
import { MARKS, at, markOf, marksLegend, plotFrame, shortened } from './plotFrame'
import { meansByWindow } from './windowMeans'

const WIDTH = 720
const PANEL = 250
const BOX = { left: 46, right: 700 }
/** More ticks than this along a panel run into one another. */
const MOST_TICKS = 8
const LINES = ['inside the window', 'next to it', 'further away']

/** One panel for each width of window, one line for each distance. */
export function windowsFigure({ windows }: SeriesResult): Piece {
  const widths = [...new Set(windows.map(({ width }) => width))]
  const all = widths.flatMap((width) => meansByWindow(windows, width)).flatMap(({ means }) => means)
  const losses = all.filter((one) => one !== null)
  const range = roomy(losses.length > 0 ? losses : [0, 1], false)
  const panels = widths.map((width, place) => panelOf(windows, width, 30 + place * PANEL, range))
  const height = 30 + PANEL * Math.max(1, widths.length)
  const said = widths.map((width) => {
    const inside = meansByWindow(windows, width).map(
      ({ from, to, means }) => `${from} to ${to} ${spoken(means[0])}`
    )
    return `windows of ${width}, inside: ${inside.join(', ')}`
  })
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${`Loss of merges by window of partitions. ${said.join('; ')}`}">
${marksLegend(
  LINES.map((words, kind) => ({ kind, words })),
  12,
  14
)}
${panels}
</svg>
`
}

function panelOf(
  windows: readonly SeriesWindow[],
  width: number,
  top: number,
  range: [number, number]
): Piece {
  const box = { ...BOX, top: top + 22, bottom: top + PANEL - 44 }
  const own = meansByWindow(windows, width)
  const y = axisOver(range, [box.bottom, box.top])
  const x = axisOver([0, Math.max(1, own.length - 1)], [box.left + 62, box.right - 62])
  const place = (i: number) => (own.length === 1 ? (box.left + box.right) / 2 : x(i))
  const every = Math.ceil(own.length / MOST_TICKS)
  const room = Math.min(22, 106 / Math.ceil(own.length / every))
  const ticks = own.flatMap(({ from, to }, i) => {
    const words = width === 1 ? shortened(from, room) : between(from, to, room)
    return i % every === 0 ? [{ place: place(i), words }] : []
  })
  const lines = MARKS.map(({ className }, kind) => {
    const points = own.flatMap(({ means, from, to }, i) => {
      const value = means[kind]!
      return value === null
        ? []
        : [
            {
              x: place(i),
              y: y(value),
              words: `${from} – ${to}, ${LINES[kind]}: ${spoken(value)} nats per token`
            }
          ]
    })
    const along = points.map((one) => `${at(one.x)},${at(one.y)}`).join(' ')
    return markup`<polyline class="path ${className}" points="${along}"/>${points.map((one) => markOf(kind, one.x, one.y, one.words))}`
  })
  return markup`${plotFrame(box, ticks, y, {
    above: `Windows of ${width}: loss of the merge on held-out text of partitions, nats per token`,
    below: 'window'
  })}${lines}`
}

function between(from: string, to: string, room: number): string {
  const half = (room - 3) / 2
  return `${shortened(from, half)} – ${shortened(to, half)}`
}
