/** Grid, ticks and titles around what a figure of a series draws. */
import { tickWords } from '#shared/numberWords'
import { ticksOf } from './axis'
import type { Axis } from './axis'
import { markup } from './markup'
import type { Piece } from './markup'

/** Where a panel's marks may be. */
export interface PlotBox {
  left: number
  top: number
  right: number
  bottom: number
}

/** Ticks along the bottom with their words. */
export type Ticks = readonly { place: number; words: string }[]

/** A place as it is written. */
export const at = (place: number): string => place.toFixed(1)

/** A name where there is room for so many letters. */
export function shortened(name: string, letters: number): string {
  return name.length <= letters ? name : `${name.slice(0, Math.max(1, Math.floor(letters) - 1))}…`
}

/** A panel's lines and words, its marks left out. */
export function plotFrame(
  { left, top, right, bottom }: PlotBox,
  ticks: Ticks,
  y: Axis,
  titles: { above: string; below: string }
): Piece {
  const across = ticks.map(
    ({ place, words }) =>
      markup`<line class="grid" x1="${at(place)}" x2="${at(place)}" y1="${top}" y2="${bottom}"/><text x="${at(place)}" y="${bottom + 14}" text-anchor="middle">${words}</text>`
  )
  const up = ticksOf(y, 5).map(
    (tick) =>
      markup`<line class="grid" x1="${left}" x2="${right}" y1="${at(y(tick))}" y2="${at(y(tick))}"/><text x="${left - 5}" y="${at(y(tick) + 3)}" text-anchor="end">${tickWords(tick)}</text>`
  )
  return markup`${across}${up}
<text class="label" x="${left}" y="${top - 8}">${titles.above}</text>
<text x="${at((left + right) / 2)}" y="${bottom + 30}" text-anchor="middle">${titles.below}</text>
`
}

/** Marks of several kinds, told apart by their outline as well as by colour. */
export const MARKS = [
  { className: 'first', outline: 'M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0Z' },
  { className: 'second', outline: 'M0,-5.2L5.2,0L0,5.2L-5.2,0Z' },
  { className: 'third', outline: 'M-3.7,-3.7H3.7V3.7H-3.7Z' }
] as const

/** One mark; pointed at, it says what it is. */
export function markOf(kind: number, x: number, y: number, words: string): Piece {
  const { className, outline } = MARKS[kind]!
  return markup`<path class="mark ${className}" d="${outline}" transform="translate(${at(x)},${at(y)})"><title>${words}</title></path>`
}

/** What marks stand for, side by side. */
export function marksLegend(
  entries: readonly { kind: number; words: string }[],
  x: number,
  y: number
): Piece {
  let from = x + 5
  return entries.map(({ kind, words }) => {
    const { className, outline } = MARKS[kind]!
    const place = from
    from += 26 + 5.6 * words.length
    return markup`<path class="mark ${className}" d="${outline}" transform="translate(${at(place)},${y - 3})"/><text x="${at(place + 9)}" y="${y}">${words}</text>`
  })
}
