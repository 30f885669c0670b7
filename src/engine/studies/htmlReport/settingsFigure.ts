/** Agreement with its intervals, and losses, against the setting of a series. */
import { widerInterval } from '#shared/evidenceView'
import { tickWords, withInterval } from '#shared/numberWords'
import { SERIES_QUESTIONS } from '#shared/series'
import type { SeriesResult, SeriesRow } from '#shared/seriesView'
import { axisOver, roomy } from './axis'
import { markup } from './markup'
import type { Piece } from './markup'
import { spoken } from './numbers'
import { at, markOf, marksLegend, plotFrame } from './plotFrame'
import type { PlotBox } from './plotFrame'

const WIDTH = 720
const HEIGHT = 290
const AGREEMENT: PlotBox = { left: 42, top: 44, right: 342, bottom: 236 }
const LOSSES: PlotBox = { left: 412, top: 44, right: 712, bottom: 236 }
/** Between marks of several proxies at one setting. */
const ASIDE = 9

/** True where settings grow by factors: then every factor is as far. */
function isGeometric(values: readonly number[]): boolean {
  const own = [...new Set(values)].sort((a, b) => a - b)
  if (own.length < 3 || own[0]! <= 0) return false
  return own.at(-1)! / own[0]! >= 3
}

/** Places of settings along a panel: numbers by their size, words side by side. */
function placesOf(rows: readonly SeriesRow[], { left, right }: PlotBox) {
  const settings = [...new Set(rows.map(({ setting }) => setting))]
  const numbers = settings.filter((one) => typeof one === 'number')
  const within = [left + 22, right - 22] as const
  if (numbers.length < settings.length || numbers.length === 0) {
    const x = axisOver([-0.5, settings.length - 0.5], within)
    return settings.map((setting, i) => ({ setting, place: x(i), words: String(setting) }))
  }
  const x = axisOver([Math.min(...numbers), Math.max(...numbers)], within, isGeometric(numbers))
  return numbers.map((setting) => {
    const place = numbers.length === 1 ? (left + right) / 2 : x(setting)
    return { setting, place, words: tickWords(setting) }
  })
}

/** Draws a series whose studies differ in one number or word. */
export function settingsFigure({ kind, rows }: SeriesResult): Piece {
  const proxies = [...new Set(rows.map(({ proxy }) => proxy))]
  const below = SERIES_QUESTIONS[kind]
  const rho = axisOver([-1.05, 1.05], [AGREEMENT.bottom, AGREEMENT.top])
  const places = placesOf(rows, AGREEMENT)
  const aside = (proxy: string) => (proxies.indexOf(proxy) - (proxies.length - 1) / 2) * ASIDE
  const placeOf = ({ setting, proxy }: SeriesRow, all = places) =>
    all.find((one) => one.setting === setting)!.place + aside(proxy)
  const agreement = rows.map((row) => {
    const { value } = row.spearman
    if (value === null) return null
    const ends = widerInterval(row.spearman)
    const x = placeOf(row)
    const words = `${row.proxy} at ${row.setting}: ρ ${withInterval(value, ends)}, n ${row.n}`
    return markup`${
      ends === null
        ? null
        : markup`<line class="whisker" x1="${at(x)}" x2="${at(x)}" y1="${at(rho(ends.low))}" y2="${at(rho(ends.high))}"/>`
    }${markOf(proxies.indexOf(row.proxy), x, rho(value), words)}`
  })
  const said = rows.map(({ setting, proxy, spearman, n }) => {
    const words = withInterval(spearman.value, widerInterval(spearman))
    return `${proxy} at ${setting}: ${words}, n ${n}`
  })
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${`${below}. Spearman’s ρ within sizes: ${said.join('; ')}`}">
${plotFrame(AGREEMENT, places, rho, { above: 'Spearman’s ρ within sizes, with the wider 95 % interval', below })}
<line class="identity" x1="${AGREEMENT.left}" x2="${AGREEMENT.right}" y1="${at(rho(0))}" y2="${at(rho(0))}"/>
${agreement}
${lossPanel(rows, proxies, below, placeOf)}
</svg>
`
}

function lossPanel(
  rows: readonly SeriesRow[],
  proxies: readonly string[],
  below: string,
  placeOf: (row: SeriesRow, places: ReturnType<typeof placesOf>) => number
): Piece {
  const known = (value: number | null): value is number => value !== null
  const losses = rows.flatMap((row) => [row.proxyLossTrained ?? row.proxyLoss, row.sequentialLoss])
  if (!losses.some(known)) return null
  const y = axisOver(roomy(losses.filter(known), false), [LOSSES.bottom, LOSSES.top])
  const places = placesOf(rows, LOSSES)
  const marks = rows.map((row) => {
    const x = placeOf(row, places)
    // Of the mixtures that were also trained: then both means are of the same ones.
    const own = row.proxyLossTrained ?? row.proxyLoss
    const told = (what: string, value: number) =>
      `${what} at ${row.setting}: ${spoken(value)} nats per token`
    return [
      known(own) ? markOf(proxies.indexOf(row.proxy), x, y(own), told(row.proxy, own)) : null,
      known(row.sequentialLoss)
        ? markOf(2, x, y(row.sequentialLoss), told('sequential', row.sequentialLoss))
        : null
    ]
  })
  const legend = [
    ...proxies.map((words, kind) => ({ kind, words })),
    { kind: 2, words: 'sequential, of the same mixtures' }
  ]
  return markup`${marksLegend(legend, LOSSES.left, 14)}
${plotFrame(LOSSES, places, y, { above: 'Mean loss over all domains, nats per token', below })}
${marks}`
}
