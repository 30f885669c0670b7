/** The two ways of answering as a drawing, with the study's own numbers: train each, or merge. */
import { counted, grouped, short } from '#shared/numberWords'
import type { Mixture } from '#shared/records'
import type { CostSummary } from './costLines'
import { markup } from './markup'
import type { Piece } from './markup'
import { shortened } from './plotFrame'

const WIDTH = 760
const HEIGHT = 238
/** Boxes of a column; the last says how many are left out. */
const SHOWN = 3
const BOX = { width: 104, height: 24, top: 62, every: 40 }

/** What the drawing is of. */
interface Ways {
  mixtures: readonly Pick<Mixture, 'name' | 'units'>[]
  units: readonly string[]
  /** True where branches start from a seed that was trained here. */
  hasSeed: boolean
  summary: CostSummary
}

/** Draws training every mixture beside one branch per base unit and merges of them. */
export function schematicFigure({ mixtures, units, hasSeed, summary }: Ways): Piece {
  const [, , naive, modular] = summary.lines
  const spent = ({ runs, tokens }: { runs: number; tokens: number }) =>
    `${grouped(runs)} trainings, ${short(tokens)} tokens`
  const names = mixtures.map(({ name }) => name)
  const isIn = (unit: string, mixture: number) =>
    mixtures[mixture]!.units.some((one) => one.unit === unit)
  const texts = boxes(names)
  const models = texts.map(({ y, isRest }) => ({ y, isRest, words: isRest ? '…' : 'trained' }))
  const branches = boxes(units)
  const merges = boxes(names)
  const middle = BOX.top + BOX.every + BOX.height / 2
  const said = `Naive: each of ${counted(mixtures.length, 'mixture')} is trained, ${spent(naive!)}. Modular: one branch for each of ${counted(units.length, 'base unit')}, ${spent(modular!)}; mixtures are merges of branches and are not trained.`
  return markup`<figure class="schematic">
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${said}">
<text class="label" x="10" y="16" font-weight="600">Naive: every mixture is trained</text>
<text x="10" y="32">${spent(naive!)}</text>
<text x="10" y="52">mixtures</text><text x="190" y="52">models</text>
${texts.map((one) => boxAt(one, 10))}
${texts.map(({ y, isRest }) => (isRest ? null : arrow(10 + BOX.width, y, 190, y)))}
${models.map((one) => boxAt(one, 190, 'trained'))}
<line class="grid" x1="330" x2="330" y1="8" y2="${HEIGHT - 8}"/>
<text class="label" x="360" y="16" font-weight="600">Modular: base units are trained, mixtures are merged</text>
<text x="360" y="32">${spent(modular!)}; ${grouped(mixtures.length)} mixtures for no more training</text>
<text x="360" y="52">seed</text><text x="500" y="52">branches</text><text x="646" y="52">merges</text>
${boxAt({ y: middle, isRest: false, words: hasSeed ? 'seed model' : 'same start' }, 360, hasSeed ? 'trained' : '')}
${branches.map(({ y, isRest }) => (isRest ? null : arrow(360 + BOX.width, middle, 500, y)))}
${branches.map((one) => boxAt(one, 500, 'trained'))}
${branches.flatMap((from) => merges.map((to, place) => (!from.isRest && !to.isRest && isIn(from.words, place) ? arrow(500 + BOX.width, from.y, 646, to.y) : null)))}
${merges.map((one) => boxAt(one, 646))}
<text x="10" y="${HEIGHT - 10}">Filled boxes are trained.</text>
</svg>
</figure>
`
}

interface DrawnBox {
  y: number
  isRest: boolean
  words: string
}

/** The first of many, and how many there are besides. */
function boxes(names: readonly string[]): DrawnBox[] {
  const shown = names.slice(0, SHOWN)
  const left = names.length - shown.length
  const words = left > 0 ? [...shown, `… ${grouped(left)} more`] : shown
  return words.map((one, i) => ({
    y: BOX.top + BOX.every * i + BOX.height / 2,
    isRest: i === SHOWN,
    words: one
  }))
}

function boxAt({ y, isRest, words }: DrawnBox, x: number, className = ''): Piece {
  const text = markup`<text class="label" x="${x + BOX.width / 2}" y="${y + 4}" text-anchor="middle">${shortened(words, 19)}</text>`
  if (isRest) return text
  return markup`<rect class="box ${className}" x="${x}" y="${y - BOX.height / 2}" width="${BOX.width}" height="${BOX.height}" rx="4"/>${text}`
}

function arrow(x: number, y: number, toX: number, toY: number): Piece {
  const tip = toX - 3
  return markup`<path class="arrow" d="M${x + 2},${y}L${tip},${toY}M${tip - 5},${toY - 3}L${tip},${toY}L${tip - 5},${toY + 3}"/>`
}
