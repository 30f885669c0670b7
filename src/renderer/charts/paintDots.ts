/** Paints many dots on a canvas, looking as the shapes of an SVG do. */
import type { Mark } from './marks'

/** A dot where it is drawn. */
export interface PlacedDot {
  x: number
  y: number
  mark: Mark
  /** 0 to 1. */
  opacity: number
}

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
}

/**
 * Paints dots inside a rectangle.
 *
 * Each kind of mark is drawn once and stamped from then on: a stamp costs a tenth of a shape.
 */
export function paintDots(
  canvas: HTMLCanvasElement,
  dots: readonly PlacedDot[],
  { clip, scale, grow, ink }: PaintLook
): void {
  const context = canvas.getContext('2d')!
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.clearRect(0, 0, canvas.width, canvas.height)
  context.save()
  context.beginPath()
  context.rect(clip.x * scale, clip.y * scale, clip.width * scale, clip.height * scale)
  context.clip()
  const stamps = new Map<Mark['path'], Map<string, HTMLCanvasElement>>()
  const half = Math.ceil(REACH * scale * grow)
  for (const { x, y, mark, opacity } of dots) {
    let own = stamps.get(mark.path)
    if (!own) stamps.set(mark.path, (own = new Map()))
    const look = mark.isHollow ? `${mark.colour} hollow` : mark.colour
    let stamp = own.get(look)
    if (!stamp) own.set(look, (stamp = stampOf(mark, half, scale * grow, ink)))
    context.globalAlpha = opacity
    context.drawImage(stamp, Math.round(x * scale) - half, Math.round(y * scale) - half)
  }
  context.restore()
}

function stampOf(mark: Mark, half: number, scale: number, ink: string): HTMLCanvasElement {
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
  return canvas
}
