/** p-values of several questions asked at once. */

/**
 * Holm's correction: the chance of one false finding among all of them stays below the level.
 *
 * @param p one per question; null where there is none, which is no question
 * @returns corrected, at most 1, in the same places
 * @see Holm 1979; statsmodels.stats.multitest.multipletests(method='holm')
 */
export function holm(p: readonly (number | null)[]): (number | null)[] {
  const asked = p.flatMap((value, place) => (value === null ? [] : [{ value, place }]))
  const corrected: (number | null)[] = p.map(() => null)
  let largest = 0
  asked
    .sort((a, b) => a.value - b.value)
    .forEach(({ value, place }, rank) => {
      largest = Math.min(1, Math.max(largest, value * (asked.length - rank)))
      corrected[place] = largest
    })
  return corrected
}
