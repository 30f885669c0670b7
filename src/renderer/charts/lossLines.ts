/** The lines that stand for curves: training loss faint, held-out loss strong. Pure. */
import type { QueuedRun } from '#shared/trainingView'
import { smoothed } from '../state/curves'
import type { CurveAxis, KeptCurve, Series } from '../state/curves'
import type { Line } from './paintLines'
import type { RunMark } from './runMarks'

/** A run that is shown, with its curve. */
export interface ShownRun {
  run: QueuedRun
  curve: KeptCurve
  mark: RunMark
}

/** A line of a run: of its training loss, or of its loss on a held-out domain. */
export interface DrawnLine extends Line {
  key: string
  name: string
  /** `training`, or the domain's name. */
  on: string
  run: string
  /** The place of each point, in steps. */
  steps: readonly number[]
  /** Where the run ends when it is done, on the axis. */
  whole: number
}

/** The lines of each run together, in the order drawn. */
export function linesByRun(lines: readonly DrawnLine[]): DrawnLine[][] {
  const found = new Map<string, DrawnLine[]>()
  for (const line of lines) {
    const its = found.get(line.run)
    if (its) its.push(line)
    else found.set(line.run, [line])
  }
  return [...found.values()]
}

/** Smoothed values by the stored ones, with what they were made of. */
export type Smoothings = WeakMap<
  readonly number[],
  { xs: readonly number[]; span: number; ys: readonly number[] }
>

/**
 * Lines to read: as stored, one for training and one for each held-out domain of every run.
 *
 * @param emphasised run whose lines are drawn thick; null: none
 */
export function lossLines(
  shown: readonly ShownRun[],
  axis: CurveAxis,
  emphasised: string | null
): DrawnLine[] {
  const faint = shown.length > 60 ? 0.3 : 0.45
  return shown.flatMap(({ run, curve, mark }) => {
    const whole = axis === 'tokens' ? run.tokens : (run.head?.steps ?? curve.steps.at(-1) ?? 0)
    const base = { name: run.name, run: run.fingerprint, colour: mark.colour, whole }
    const isEmphasised = run.fingerprint === emphasised
    const isFirst = curve.heldOut.length === 0
    const training: DrawnLine = {
      ...base,
      key: run.fingerprint,
      on: 'training',
      steps: curve.steps,
      xs: axis === 'tokens' ? curve.tokens : curve.steps,
      ys: curve.losses,
      extent: curve.extent,
      width: isEmphasised ? 2 : 1,
      opacity: isEmphasised ? 0.9 : isFirst ? 0.8 : faint,
      dash: mark.dash
    }
    const heldOut = curve.heldOut.map((one): DrawnLine => ({
      ...base,
      key: `${run.fingerprint} ${one.domain}`,
      on: one.domain,
      steps: one.steps,
      xs: axis === 'tokens' ? one.tokens : one.steps,
      ys: one.losses,
      extent: one.extent,
      width: isEmphasised ? 3.5 : 2,
      opacity: 1,
      dash: mark.dash
    }))
    return [training, ...heldOut]
  })
}

/**
 * Smoothed lines over the raw ones, which become faint; held-out loss is drawn as it is.
 *
 * @param smoothing as a share of what the longest run will be; 0: none
 * @param known a curve that did not grow is not smoothed again
 */
export function smoothedLines(
  lines: readonly DrawnLine[],
  smoothing: number,
  known: Smoothings
): readonly DrawnLine[] {
  if (smoothing <= 0) return lines
  const span = smoothingSpan(lines, smoothing)
  const training = lines.filter((line) => line.on === 'training')
  return [
    ...training.map((line) => ({ ...line, opacity: 0.18 })),
    ...training.map((line) => ({
      ...line,
      key: `${line.key} smoothed`,
      width: line.width + 0.5,
      opacity: 0.8,
      ys: smoothedOnce(line, span, known)
    })),
    ...lines.filter((line) => line.on !== 'training')
  ]
}

/** Over how much of the axis is smoothed. */
export function smoothingSpan(lines: readonly DrawnLine[], smoothing: number): number {
  return smoothing * lines.reduce((most, { whole }) => Math.max(most, whole), 0)
}

function smoothedOnce(line: Series, span: number, known: Smoothings): readonly number[] {
  const before = known.get(line.ys)
  if (before?.span === span && before.xs === line.xs) return before.ys
  const ys = smoothed(line, span)
  known.set(line.ys, { xs: line.xs, span, ys })
  return ys
}
