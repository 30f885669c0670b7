/** Paints canvases in slices: hundreds of curves take several frames, and none of them long. */

/** So long may be painted in one frame, in ms; the rest of a frame is for everything else. */
const SLICE_MS = 3

/** A painting in pieces: between two of them it may be left until the next frame. */
type Painting = Generator<undefined, void>

const waiting = new Map<object, () => Painting>()
let current: Painting | null = null
let isAsked = false
/** What made the picture change has taken its part of the frame already. */
let isFrameTaken = false

/**
 * Paints soon. A painting of the same thing that has not begun yet is replaced; one that has begun is
 * finished first, so that what grows faster than it is painted is still seen.
 *
 * @param of what is painted
 */
export function paintSoon(of: object, paint: () => Painting): void {
  waiting.delete(of)
  waiting.set(of, paint)
  isFrameTaken = true
  ask()
}

/** Lets go of what was to be painted. */
export function forgetPainting(of: object): void {
  waiting.delete(of)
}

function ask(): void {
  if (isAsked) return
  isAsked = true
  requestAnimationFrame(slice)
}

function slice(): void {
  isAsked = false
  if (isFrameTaken) {
    isFrameTaken = false
    return ask()
  }
  const end = performance.now() + SLICE_MS
  while (performance.now() < end) {
    current ??= next()
    if (!current) return
    if (current.next().done) current = null
  }
  ask()
}

function next(): Painting | null {
  for (const [of, paint] of waiting) {
    waiting.delete(of)
    return paint()
  }
  return null
}
