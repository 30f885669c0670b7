/** Paints canvases a little per frame, so that the window answers while thousands of dots are drawn. */

/** Milliseconds of painting per frame. */
const BUDGET_MS = 6

/** What is still to be painted, by canvas; the newest picture of each replaces an older one. */
const waiting = new Map<HTMLCanvasElement, Generator<void>>()
let isScheduled = false

/** Paints a picture in the frames to come. */
export function paintSoon(canvas: HTMLCanvasElement, steps: Generator<void>): void {
  waiting.set(canvas, steps)
  schedule()
}

/** Paints a picture at once. */
export function paintNow(canvas: HTMLCanvasElement, steps: Generator<void>): void {
  waiting.delete(canvas)
  for (const _ of steps) continue
}

/** Lets go of a picture that nobody will see. */
export function forgetPaint(canvas: HTMLCanvasElement): void {
  waiting.delete(canvas)
}

function schedule(): void {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(paintSome)
}

function paintSome(): void {
  isScheduled = false
  const until = performance.now() + BUDGET_MS
  for (const [canvas, steps] of waiting) {
    while (performance.now() < until) {
      if (!steps.next().done) continue
      waiting.delete(canvas)
      break
    }
    if (performance.now() >= until) break
  }
  if (waiting.size > 0) schedule()
}
