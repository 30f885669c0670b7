/** Curves of runs, read once and then only where they grow. */
import { MOST_CURVES } from '#shared/trainingView'
import type { EngineApi } from '#shared/contract'
import type { QueuedRun } from '#shared/trainingView'
import { extended } from './curves'
import type { KeptCurve } from './curves'

/** Each line of a curve is kept with so many points, at most twice as many while it grows. */
const POINTS = 400

/** How curves are asked for. */
type Read = EngineApi['readCurves']

/** The curves that a screen wants. */
export class LiveCurves {
  /** By run; a curve that grew is another object. */
  byRun = $state.raw<Readonly<Record<string, KeptCurve>>>({})
  /** Runs that do not train and whose curve was read since. */
  #settled: Record<string, boolean> = {}
  #isReading = false

  /** Forgets all: another study, or another engine. */
  clear(): void {
    this.byRun = {}
    this.#settled = {}
  }

  /** Reads what is new of the runs wanted; a reading that is still under way is not doubled. */
  async follow(wanted: readonly QueuedRun[], read: Read): Promise<void> {
    if (this.#isReading) return
    for (const run of wanted) if (run.isTraining) this.#settled[run.fingerprint] = false
    const open = wanted
      .filter((run) => run.head && !this.#settled[run.fingerprint])
      .slice(0, MOST_CURVES)
    if (open.length === 0) return
    this.#isReading = true
    try {
      const found = await read({
        curves: open.map(({ fingerprint: run }) => ({
          run,
          after: this.byRun[run]?.steps.at(-1) ?? null
        })),
        points: POINTS
      })
      for (const run of open) if (!run.isTraining) this.#settled[run.fingerprint] = true
      if (found.length === 0) return
      const grown = found.map(
        (curve) => [curve.run, extended(this.byRun[curve.run], curve, POINTS)] as const
      )
      this.byRun = { ...this.byRun, ...Object.fromEntries(grown) }
    } finally {
      this.#isReading = false
    }
  }
}
