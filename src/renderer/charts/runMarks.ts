/** How runs look in every figure: the seed grey, branches in their partition's colour. */
import type { QueuedRun } from '#shared/trainingView'
import { markColour } from './palette'

export interface RunMark {
  colour: string
  /** Beyond eight partitions colours come again, as broken lines. */
  dash: readonly number[]
}

const COLOURS = 8
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3]]

/**
 * The mark of a run.
 *
 * @param partitions names of all partitions, in the order of the catalogue
 * @param place of a sequential model among those shown beside it
 */
export function runMark(run: QueuedRun, partitions: readonly string[], place = 0): RunMark {
  if (run.role === 'seed') return { colour: 'var(--quiet)', dash: [] }
  if (run.role === 'branch') return partitionMark(partitions.indexOf(run.partitions[0] ?? ''))
  return { colour: 'var(--ink)', dash: DASHES[place % DASHES.length]! }
}

/** The mark of the n-th partition. */
export function partitionMark(index: number): RunMark {
  const place = Math.max(0, index)
  return { colour: markColour(place), dash: DASHES[Math.floor(place / COLOURS) % DASHES.length]! }
}
