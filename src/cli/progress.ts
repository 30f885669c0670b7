/** Progress on a terminal: a bar per thing under way, redrawn; plain lines where none is. */
import type { Progress } from '#shared/records'
import { terminalText } from '#shared/visibleText'
import { formatBytes, formatCount, formatSeconds } from './format'
import { takeBackLines, tellText } from './output'

const BAR_WIDTH = 24
const REDRAW_MS = 250
/** Without a terminal a line per thing is enough every so often. */
const LINE_EVERY_MS = 15_000

interface Shown {
  progress: Progress
  /** When it was first told of, and how far it was then. */
  first: { at: number; done: number }
  toldAt: number
}

/** Shows how far things are, on standard error. `close` it before printing results. */
export class ProgressDisplay {
  readonly #isTerminal: boolean
  readonly #isQuiet: boolean
  readonly #shown = new Map<string, Shown>()
  #drawnLines = 0
  #drawnAt = 0
  #headline = ''

  constructor(options: { quiet?: boolean } = {}) {
    this.#isTerminal = process.stderr.isTTY === true
    this.#isQuiet = options.quiet ?? false
  }

  /** The newest state of one thing. */
  update(key: string, progress: Progress): void {
    if (this.#isQuiet) return
    const before = this.#shown.get(key)
    const now = performance.now()
    const first = before?.first ?? { at: now, done: progress.done }
    const entry = { progress: timed(progress, first, now), first, toldAt: before?.toldAt ?? now }
    this.#shown.set(key, entry)
    if (this.#isTerminal) {
      if (now - this.#drawnAt >= REDRAW_MS) this.#draw()
    } else if (now - entry.toldAt >= LINE_EVERY_MS) {
      entry.toldAt = now
      tellText(`${progressLine(entry.progress, false)}\n`)
    }
  }

  /** A thing is over; its bar goes. */
  end(key: string): void {
    this.#shown.delete(key)
  }

  /** A line above the bars that stays while they move, such as "12 of 37 runs". */
  headline(text: string): void {
    this.#headline = text
  }

  /** Prints a line that stays. */
  log(text: string): void {
    if (this.#isQuiet) return
    this.#erase()
    tellText(`${text}\n`)
    if (this.#isTerminal) this.#draw()
  }

  /** Takes the bars away. */
  close(): void {
    this.#shown.clear()
    this.#headline = ''
    this.#erase()
  }

  #draw(): void {
    this.#erase()
    const lines = [...this.#shown.values()].map(({ progress }) => progressLine(progress, true))
    if (this.#headline !== '' && lines.length > 0) lines.unshift(this.#headline)
    const columns = process.stderr.columns || 100
    // A line that wraps, or is two, could not be taken back.
    for (const line of lines) tellText(`${oneLine(line).slice(0, columns - 1)}\n`)
    this.#drawnLines = lines.length
    this.#drawnAt = performance.now()
  }

  #erase(): void {
    if (!this.#isTerminal || this.#drawnLines === 0) return
    takeBackLines(this.#drawnLines)
    this.#drawnLines = 0
  }
}

function oneLine(text: string): string {
  return terminalText(text).replace(/[\n\t]+/g, ' ')
}

/** Fills in rate and time left, by what was seen here, where whoever told knew neither. */
function timed(progress: Progress, first: Shown['first'], now: number): Progress {
  const done = progress.done - first.done
  if (progress.rate !== null || progress.total === null || done <= 0) return progress
  const rate = done / Math.max(0.001, (now - first.at) / 1000)
  return { ...progress, rate, secondsLeft: (progress.total - progress.done) / rate }
}

function progressLine(progress: Progress, withBar: boolean): string {
  const { done, total, unit, rate, secondsLeft, label, activity, detail } = progress
  const amount = (value: number) => (unit === 'bytes' ? formatBytes(value) : formatCount(value))
  const share = total ? Math.min(1, done / total) : null
  const parts = [`${activity} ${label}`.padEnd(withBar ? 34 : 0)]
  if (withBar && share !== null) {
    const filled = Math.round(share * BAR_WIDTH)
    parts.push(`${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`)
  }
  if (share !== null) parts.push(`${String(Math.floor(share * 100)).padStart(3)} %`)
  parts.push(
    `${amount(done)}${total ? `/${amount(total)}` : ''} ${unit === 'bytes' ? '' : unit}`.trim()
  )
  if (rate !== null) {
    const amountPerSecond = unit !== 'bytes' && rate < 100 ? rate.toFixed(1) : amount(rate)
    parts.push(`${amountPerSecond}${unit === 'bytes' ? '' : ` ${unit}`}/s`)
  }
  if (secondsLeft !== null) parts.push(`${formatSeconds(secondsLeft)} left`)
  if (detail) parts.push(detail)
  return parts.join('  ')
}
