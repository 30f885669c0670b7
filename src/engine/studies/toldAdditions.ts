/** What adding a partition does, as a screen is told: pair by pair, and a figure. Pure. */
import type { AdditionsAsked, ToldAdditions } from '#engine/workers/reportJobs'
import { additionPairs } from './evidence/additions'
import { additionsPicture } from './htmlReport/additionsSection'
import type { StudyResults } from './results'

/**
 * Pairs of mixtures that differ by one member, and the figure of what each member does.
 *
 * @throws WorkbenchError `study/missing-partition` for one that no two measured mixtures differ by
 */
export function toldAdditions(
  results: StudyResults,
  { added, documents, latest }: AdditionsAsked
): ToldAdditions {
  return {
    pairs: additionPairs(results, added, { documents, latest }),
    svg: additionsPicture(results, documents)
  }
}
