/** Lines on a canvas: what SVG would be too slow for. */
import type { Series } from '../state/curves'

/** A line with how it looks. */
export interface Line extends Series {
  /** As CSS writes it; names of the theme's colours too. */
  colour: string
  width: number
  opacity: number
  dash: readonly number[]
}

/** From values to px. */
export interface Scales {
  x: (value: number) => number
  y: (value: number) => number
}

/** A rectangle in px, outside of which nothing is painted. */
export interface Clip {
  left: number
  top: number
  width: number
  height: number
}

/** Points nearer to each other than this, in px, are one; of many lines nobody sees as much. */
const NEAR = 0.75
const NEAR_OF_MANY = 3
const MANY = 60

/** So many points are painted in one piece. */
const PIECE = 1000

/**
 * Paints lines on a hidden canvas, piece by piece, and shows them when all are there.
 *
 * @param size in CSS px
 */
export function* paintLines(
  canvas: HTMLCanvasElement,
  size: { width: number; height: number },
  lines: readonly Line[],
  scales: Scales,
  clip: Clip
): Generator<undefined, void> {
  const ratio = window.devicePixelRatio || 1
  const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)]
  if (width < 1 || height < 1) return
  const context = draftOf(canvas, width, height)
  context.reset()
  context.scale(ratio, ratio)
  context.beginPath()
  context.rect(clip.left, clip.top, clip.width, clip.height)
  context.clip()
  context.lineJoin = 'bevel'
  const near = lines.length > MANY ? NEAR_OF_MANY : NEAR
  let points = 0
  const colours = new Map<string, string>()
  for (const line of lines) {
    const colour = colours.get(line.colour) ?? resolved(canvas, line.colour)
    colours.set(line.colour, colour)
    context.strokeStyle = colour
    context.lineWidth = line.width
    context.globalAlpha = line.opacity
    context.setLineDash([...line.dash])
    trace(context, line, scales, near)
    points += line.xs.length
    if (points < PIECE) continue
    points = 0
    settle(context)
    yield
  }
  settle(context)
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const shown = canvas.getContext('2d')!
  shown.clearRect(0, 0, width, height)
  shown.drawImage(context.canvas, 0, 0)
}

const drafts = new WeakMap<HTMLCanvasElement, OffscreenCanvasRenderingContext2D>()

/** The hidden canvas of a shown one, of its size. */
function draftOf(
  canvas: HTMLCanvasElement,
  width: number,
  height: number
): OffscreenCanvasRenderingContext2D {
  const known = drafts.get(canvas)
  if (known && known.canvas.width === width && known.canvas.height === height) return known
  // Kept where it can be read: only so is each piece painted when it is asked for (see `settle`).
  const options = { willReadFrequently: true }
  const context = new OffscreenCanvas(width, height).getContext('2d', options)!
  drafts.set(canvas, context)
  return context
}

/** Has all painted that a browser would else put off until it is shown, all at once. */
function settle(context: OffscreenCanvasRenderingContext2D): void {
  context.getImageData(0, 0, 1, 1)
}

function trace(
  context: OffscreenCanvasRenderingContext2D,
  line: Line,
  scales: Scales,
  near: number
): void {
  const { xs, ys } = line
  context.beginPath()
  // One point makes no line.
  if (xs.length === 1) context.arc(scales.x(xs[0]!), scales.y(ys[0]!), line.width, 0, 7)
  let last = -Infinity
  for (let i = 0; i < xs.length; i++) {
    const x = scales.x(xs[i]!)
    if (x - last < near && i < xs.length - 1) continue
    last = x
    context.lineTo(x, scales.y(ys[i]!))
  }
  context.stroke()
}

/** A colour of the theme as it is right now; a canvas knows no names of colours. */
function resolved(canvas: HTMLCanvasElement, colour: string): string {
  if (!colour.startsWith('var(')) return colour
  canvas.style.color = colour
  return getComputedStyle(canvas).color
}
