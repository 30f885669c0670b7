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

/** Points nearer to each other than this, in px, are one. */
const NEAR = 0.75

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
  const draft = new OffscreenCanvas(width, height)
  const context = draft.getContext('2d')!
  context.scale(ratio, ratio)
  context.beginPath()
  context.rect(clip.left, clip.top, clip.width, clip.height)
  context.clip()
  context.lineJoin = 'round'
  const colours = new Map<string, string>()
  for (const line of lines) {
    const colour = colours.get(line.colour) ?? resolved(canvas, line.colour)
    colours.set(line.colour, colour)
    context.strokeStyle = colour
    context.lineWidth = line.width
    context.globalAlpha = line.opacity
    context.setLineDash([...line.dash])
    trace(context, line, scales)
    yield
  }
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const shown = canvas.getContext('2d')!
  shown.clearRect(0, 0, width, height)
  shown.drawImage(draft, 0, 0)
}

function trace(context: OffscreenCanvasRenderingContext2D, line: Line, scales: Scales): void {
  const { xs, ys } = line
  context.beginPath()
  // One point makes no line.
  if (xs.length === 1) context.arc(scales.x(xs[0]!), scales.y(ys[0]!), line.width, 0, 7)
  let last = -Infinity
  for (let i = 0; i < xs.length; i++) {
    const x = scales.x(xs[i]!)
    if (x - last < NEAR && i < xs.length - 1) continue
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
