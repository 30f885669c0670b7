/** How far the loss changes when a partition is added, over all pairs of mixtures: boxes and dots. */
import type { AdditionEffect } from '#shared/additionEffect'
import { counted, tickWords } from '#shared/numberWords'
import { axisOver, roomy, ticksOf } from './axis'
import type { Axis } from './axis'
import { markup } from './markup'
import type { Piece } from './markup'
import { spoken } from './numbers'
import { at, shortened } from './plotFrame'

const WIDTH = 720
const BOX = { left: 190, right: 690, top: 40 }
/** Of one way of telling the loss, and what is between partitions. */
const LINE = 16
const GAP = 8
const CLASSES = ['first', 'second', 'third'] as const

/**
 * Draws one box per partition and way of telling the loss: quartiles and median, whiskers from the
 * smallest change to the largest, and where they are few every change as a dot.
 *
 * @param effects of one domain
 * @param ways whose changes are drawn, at most three: proxies, sequential models
 */
export function additionsFigure(
  effects: readonly AdditionEffect[],
  ways: readonly { of: string; budget: string | null; words: string }[]
): Piece {
  const rowOf = (added: string, { of, budget }: (typeof ways)[number]) =>
    effects.find((one) => one.added === added && one.of === of && one.budget === budget)
  const first = (added: string) =>
    ways.map((way) => rowOf(added, way)?.median).find((median) => median !== undefined) ?? 0
  const members = [...new Set(effects.map(({ added }) => added))].sort(
    (a, b) => first(a) - first(b)
  )
  const drawn = members.flatMap((added) => ways.flatMap((way) => rowOf(added, way) ?? []))
  const ends = drawn.flatMap(({ least, most }) => [least, most])
  const x = axisOver(roomy([0, ...ends], false), [BOX.left, BOX.right])
  const height = LINE * ways.length + GAP
  const bottom = BOX.top + height * Math.max(1, members.length)
  const boxes = members.map((added, place) => {
    const top = BOX.top + height * place + GAP / 2
    const lines = ways.map((way, kind) => {
      const row = rowOf(added, way)
      return row && boxOf(row, way.words, kind, x, top + LINE * (kind + 0.5))
    })
    return markup`<text class="label" x="${BOX.left - 8}" y="${at(top + (LINE * ways.length) / 2 + 3)}" text-anchor="end">${shortened(added, 30)}<title>${added}</title></text>${lines.map((line) => line ?? null)}\n`
  })
  const grid = ticksOf(x, 6).map(
    (tick) =>
      markup`<line class="grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${BOX.top}" y2="${bottom}"/><text x="${at(x(tick))}" y="${bottom + 14}" text-anchor="middle">${tickWords(tick)}</text>`
  )
  let from = BOX.left
  const legend = ways.map(({ words }, kind) => {
    const place = from
    from += 44 + 5.6 * words.length
    return markup`<rect class="side ${CLASSES[kind]!}" x="${at(place)}" y="11" width="14" height="10"/><text class="label" x="${at(place + 20)}" y="20">${words}</text>`
  })
  const said = members.map((added) => {
    const medians = ways.flatMap((way) => {
      const row = rowOf(added, way)
      return row ? [`${way.words} ${spoken(row.median)} over ${counted(row.pairs, 'pair')}`] : []
    })
    return `${added}: ${medians.join(', ')}`
  })
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 36}" role="img" aria-label="${`Median change of the loss when a partition is added, nats per token. ${said.join('; ')}`}">
${legend}
${grid}
<line class="zero" x1="${at(x(0))}" x2="${at(x(0))}" y1="${BOX.top}" y2="${bottom}"/>
${boxes}<text x="${at((BOX.left + BOX.right) / 2)}" y="${bottom + 30}" text-anchor="middle">change of the loss when it is added, nats per token; to the left it helps</text>
</svg>
`
}

function boxOf(row: AdditionEffect, words: string, kind: number, x: Axis, y: number): Piece {
  const className = CLASSES[kind]!
  const { least, lowerQuartile, median, upperQuartile, most, changes } = row
  const dots = (changes ?? []).map(
    (change) => markup`<circle class="change-dot" cx="${at(x(change))}" cy="${at(y)}" r="1.8"/>`
  )
  return markup`<g><title>${`${row.added}, ${words}: median ${spoken(median)}, from ${spoken(least)} to ${spoken(most)} nats per token, ${counted(row.pairs, 'pair')}`}</title><line class="zero" x1="${at(x(least))}" x2="${at(x(most))}" y1="${at(y)}" y2="${at(y)}"/><rect class="side ${className}" x="${at(x(lowerQuartile))}" y="${at(y - 5)}" width="${at(Math.max(0.5, x(upperQuartile) - x(lowerQuartile)))}" height="10"/><line class="median" x1="${at(x(median))}" x2="${at(x(median))}" y1="${at(y - 6)}" y2="${at(y + 6)}"/>${dots}</g>`
}
