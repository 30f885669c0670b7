/** Follows curves that grow: only what came since the last reading is read again. */
import type { TracePoint } from '#shared/records'
import { projectPaths } from './paths'
import { openLine } from './seals'
import { textBehind } from './traces'

/** Behind the line of a step the file goes on at a byte. */
interface Mark {
  step: number
  offset: number
}

/** So many places are kept of each curve: one for each screen that follows it, and some. */
const MARKS = 8

export interface NewPoints {
  points: TracePoint[]
  /** True when the points are all there are, not only those after the step asked for. */
  isWhole: boolean
}

/** Reads curves of one project, and remembers where in their files it was. */
export class TraceReader {
  readonly #project: string
  readonly #marks = new Map<string, Mark[]>()

  constructor(project: string) {
    this.#project = project
  }

  /**
   * Points of a run after a step, or all of them: where none was known, and where the run went on
   * from an earlier step than the one known.
   *
   * A last line that is not whole yet is left for the next time. Without a curve: no points.
   */
  async read(run: string, after: number | null): Promise<NewPoints> {
    const marks = this.#marks.get(run) ?? []
    const known = after === null ? [] : marks.filter(({ step }) => step <= after)
    const from = known.reduce<Mark | null>(
      (best, mark) => (best && best.step >= mark.step ? best : mark),
      null
    )
    const tail = from ? await this.#readFrom(run, from) : null
    const points = tail ?? (await this.#readFrom(run, { step: 0, offset: 0 })) ?? []
    const lastStep = points.at(-1)?.step ?? from?.step ?? 0
    if (after === null) return { points, isWhole: true }
    // The run was set back to before what is known, and has not caught up yet.
    if (tail === null && lastStep < after) return { points, isWhole: true }
    return { points: points.filter(({ step }) => step > after), isWhole: false }
  }

  /** Null where what follows the mark does not go on from it: the file was cut since. */
  async #readFrom(run: string, from: Mark): Promise<TracePoint[] | null> {
    // A file that ends before the mark was cut since.
    const path = projectPaths.trace(this.#project, run)
    const text = await textBehind(path, (size) => (size < from.offset ? null : from.offset))
    const end = text === null ? 0 : text.lastIndexOf('\n') + 1
    const points = text === null ? null : parsedLines(text.slice(0, end))
    const goesOn = from.offset === 0 || points?.[0] === undefined || isNext(points[0], from)
    if (points === null || !goesOn) {
      this.#marks.delete(run)
      return null
    }
    const last = points.at(-1)
    if (last) {
      const offset = from.offset + Buffer.byteLength(text!.slice(0, end))
      const marks = this.#marks.get(run) ?? []
      this.#marks.set(run, [...marks, { step: last.step, offset }].slice(-MARKS))
    }
    return points
  }
}

function isNext(point: TracePoint, mark: Mark): boolean {
  return point.step === mark.step + 1
}

/** Null where a line is no point, or a damaged one: reading began amid one. */
function parsedLines(text: string): TracePoint[] | null {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map(openLine)
  const isSound = lines.every(({ state }) => state !== 'damaged')
  return isSound ? lines.map(({ value }) => value as TracePoint) : null
}
