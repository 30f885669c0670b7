/** Reads a browser's own trace: how long frames were, and how much of each our script took. */

/** Kinds of work in which a page's script runs. */
const SCRIPT = new Set([
  'FunctionCall',
  'FireAnimationFrame',
  'FireIdleCallback',
  'TimerFire',
  'EventDispatch',
  'EvaluateScript',
  'RunMicrotasks'
])

/** Marked at each frame by the page that is measured, since a trace names no frames by itself. */
const BEAT = 'assay-frame'

/**
 * @typedef {object} TraceEvent
 * @property {string} name
 * @property {string} ph
 * @property {number} pid
 * @property {number} tid
 * @property {number} ts microseconds
 * @property {number} [dur] microseconds
 */

/**
 * Makes a page mark its frames; to be called before it is opened.
 *
 * @param {import('@playwright/test').Page} page
 */
export async function markFrames(page) {
  await page.addInitScript((name) => {
    const { requestAnimationFrame } = /** @type {any} */ (globalThis)
    const beat = () => {
      performance.mark(name)
      performance.clearMarks(name)
      requestAnimationFrame(beat)
    }
    requestAnimationFrame(beat)
  }, BEAT)
}

/**
 * Traces the browser while something is done in it.
 *
 * @param {import('@playwright/test').Page} page whose frames are marked
 * @param {() => Promise<void>} work
 */
export async function measureFrames(page, work) {
  const browser = page.context().browser()
  if (!browser) throw new Error('the page is in no browser')
  await browser.startTracing(page, { categories: ['devtools.timeline', 'blink.user_timing'] })
  await work()
  const trace = JSON.parse((await browser.stopTracing()).toString())
  return framesOf(trace.traceEvents)
}

/**
 * @param {TraceEvent[]} events
 * @returns {{ frames: number[], scripting: number[] }} milliseconds: of every frame, and of script
 *   in each of those frames in which script ran, the marking left out
 */
function framesOf(events) {
  const marks = events.filter(({ name }) => name === BEAT).sort((a, b) => a.ts - b.ts)
  const first = marks[0]
  if (!first) throw new Error('the trace holds no frame')
  const beats = marks.map(({ ts }) => ts)
  const work = outermost(
    events.filter(({ name, ph, pid, tid }) => {
      return ph === 'X' && SCRIPT.has(name) && pid === first.pid && tid === first.tid
    })
  )
  const frames = beats.slice(1).map((at, i) => (at - (beats[i] ?? 0)) / 1000)
  /** @type {number[]} */
  const scripting = []
  let next = 0
  for (let i = 0; i + 1 < beats.length; i++) {
    const [from = 0, to = 0] = [beats[i], beats[i + 1]]
    let sum = 0
    for (; next < work.length; next++) {
      const { ts, dur = 0 } = /** @type {TraceEvent} */ (work[next])
      if (ts >= to) break
      const isMarking = ts <= to && ts + dur >= to
      if (ts >= from && !isMarking) sum += dur / 1000
    }
    if (sum > 0) scripting.push(sum)
  }
  return { frames, scripting }
}

/**
 * Of work within work only the outer, so that nothing counts twice.
 *
 * @param {TraceEvent[]} events
 */
function outermost(events) {
  let end = -Infinity
  return events
    .sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0))
    .filter(({ ts, dur = 0 }) => {
      if (ts < end) return false
      end = ts + dur
      return true
    })
}

/**
 * @param {number[]} values
 * @param {number} share 0.95: below it lie 95 % of the values
 */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
}
