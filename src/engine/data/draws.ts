/** How many sequences a run reads of each base unit. */
import type { BaseUnit } from '#shared/records'
import { WorkbenchError } from '#shared/errors'

/** So many sequences of one base unit; beyond its own number they are repeated. */
export interface Draw {
  unit: BaseUnit
  sequences: number
}

/**
 * Shares a number of sequences out over weighted units by largest remainder, so that the parts add
 * up exactly.
 *
 * @param units weights need not sum to 1
 * @throws WorkbenchError `study/invalid-weights` when a weight is negative or all are zero
 */
export function weightedDraws(
  units: readonly { unit: BaseUnit; weight: number }[],
  sequences: number
): Draw[] {
  const total = units.reduce((sum, { weight }) => sum + weight, 0)
  const bad = units.find(({ weight }) => !(weight >= 0))
  if (bad || !(total > 0) || !Number.isFinite(total)) {
    throw new WorkbenchError(
      'study/invalid-weights',
      `Weights must be zero or more and not all zero; found ` +
        `${units.map(({ unit, weight }) => `${unit.name}: ${weight}`).join(', ')}.`,
      { weights: units.map(({ unit, weight }) => `${unit.name}*${weight}`) }
    )
  }
  const shares = units.map(({ weight }) => (sequences * weight) / total)
  const counts = shares.map(Math.floor)
  const missing = sequences - counts.reduce((sum, count) => sum + count, 0)
  const byRemainder = shares
    .map((share, index) => ({ index, remainder: share - Math.floor(share) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index)
  for (const { index } of byRemainder.slice(0, missing)) counts[index]! += 1
  return units.map(({ unit }, index) => ({ unit, sequences: counts[index]! }))
}
