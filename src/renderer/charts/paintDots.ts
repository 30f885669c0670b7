/** Paints many dots on a canvas, looking as the shapes of an SVG do. */
import { drawingOrder, opacityAmong } from './dotLayer'
import type { DotLayer } from './dotLayer'
import type { Mark } from './marks'

/** Half the side of a stamp, in units of a mark: the largest mark with its outline. */
const REACH = 8

/** What dots are painted with. */
export interface PaintLook {
  clip: { x: number; y: number; width: number; height: number }
  /** Pixels per unit of the picture. */
  scale: number
  /** How much larger than their own size marks are. */
  grow: number
  /** Colour of outlines. */
  ink: string
  /** Paints one dot in so many: a picture in motion needs no more. */
  oneIn: number
  /** False once another picture is wanted: this one is left as it is. */
  isWanted: () => boolean
}

/** Dots painted between two looks at the clock. */
const SLICE = 1000

/**
 * Paints dots inside a rectangle, the faint ones below; a step at a time, shown when all are there.
 *
 * Each look is drawn once and stamped from then on: a stamp costs a tenth of a shape.
 */
export function* paintDots(
  canvas: HTMLCanvasElement,
  { xs, ys, styles, styleOf }: DotLayer,
  { clip, scale, grow, ink, oneIn, isWanted }: PaintLook
): Generator<undefined, void> {
  // What takes several frames is painted behind; a picture in motion at once, and in place.
  const behind = oneIn > 1 ? canvas : document.createElement('canvas')
  if (behind !== canvas) {
    behind.width = canvas.width
    behind.height = canvas.height
  }
  const context = behind.getContext('2d')!
  context.clearRect(0, 0, behind.width, behind.height)
  context.save()
  context.beginPath()
  context.rect(clip.x * scale, clip.y * scale, clip.width * scale, clip.height * scale)
  context.clip()
  const half = Math.ceil(REACH * scale * grow)
  const room = half / scale
  const [left, right] = [clip.x - room, clip.x + clip.width + room]
  const [top, bottom] = [clip.y - room, clip.y + clip.height + room]
  const isSelection = styles.some(({ isFaint }) => isFaint)
  let painted = 0
  for (const style of drawingOrder(styles)) {
    const stamp = stampOf(styles[style]!.mark, half, scale * grow, ink)
    context.globalAlpha = opacityAmong(xs.length, styles[style]!, isSelection)
    for (let i = 0; i < xs.length; i += oneIn) {
      if (styleOf[i] !== style) continue
      const x = xs[i]!
      const y = ys[i]!
      if (x < left || x > right || y < top || y > bottom) continue
      context.drawImage(stamp, Math.round(x * scale) - half, Math.round(y * scale) - half)
      if (++painted % SLICE !== 0) continue
      yield
      if (!isWanted()) return
    }
  }
  context.restore()
  if (behind === canvas) return
  const front = canvas.getContext('2d')!
  front.clearRect(0, 0, canvas.width, canvas.height)
  front.drawImage(behind, 0, 0)
}

/** Stamps by how they look: a picture in motion asks for the same ones in every frame. */
const stamps = new Map<string, HTMLCanvasElement>()
const MOST_STAMPS = 100

function stampOf(mark: Mark, half: number, scale: number, ink: string): HTMLCanvasElement {
  const key = [mark.path, mark.colour, mark.isHollow, half, scale, ink].join()
  const known = stamps.get(key)
  if (known) return known
  if (stamps.size >= MOST_STAMPS) stamps.clear()
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 2 * half
  const context = canvas.getContext('2d')!
  context.translate(half, half)
  context.scale(scale, scale)
  const path = new Path2D(mark.path)
  context.lineWidth = mark.isHollow ? 1.6 : 0.6
  context.strokeStyle = mark.isHollow ? mark.colour : ink
  if (!mark.isHollow) {
    context.fillStyle = mark.colour
    context.fill(path)
  }
  context.stroke(path)
  stamps.set(key, canvas)
  return canvas
}
