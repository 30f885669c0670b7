/** Why a proxy may fail: every claim, with what was measured of it and its verdict. Pure. */
import { CLAIMS } from '#shared/diagnosis'
import type { BranchGeometry, Claim, Diagnosis, Finding } from '#shared/diagnosis'
import type { StudyResults } from '../results'
import { diagnoseConvergence, diagnoseDistance, diagnoseGain } from './diagnosis/branches'
import type { BranchTrace } from './diagnosis/branches'
import { diagnosedStudy } from './diagnosis/finding'
import { diagnoseInteraction } from './diagnosis/interaction'
import { diagnoseBarrier, diagnoseSizes } from './diagnosis/merging'
import { diagnoseOffset } from './diagnosis/offset'
import { diagnosePower } from './diagnosis/power'
import { proposeMixtures } from './diagnosis/proposals'
import { readLines } from './lineLosses'

export type { BranchTrace } from './diagnosis/branches'

/** What a diagnosis reads beside measurements. */
export interface DiagnosisSources {
  /** Training curves of the finished branches. */
  traces: BranchTrace[]
  /** Null where no weights can be read. */
  geometry: BranchGeometry | null
  /** How many mixtures are proposed; null: as many as are missing, ten at most. */
  propose?: number | null
}

/**
 * Holds every claim of why a proxy may fail against its threshold.
 *
 * Claims about sequential models come once per truth budget. What cannot be measured says `cannot
 * tell` and why.
 */
export function diagnoseStudy(results: StudyResults, sources: DiagnosisSources): Diagnosis {
  const study = diagnosedStudy(results)
  const { budgets } = results.study.sequential
  const lines = readLines(results, 'all')
  const powers = budgets.map((budget) => diagnosePower(study, budget))
  const findings: Record<Claim, () => Finding[]> = {
    'few-mixtures': () => powers,
    interaction: () => budgets.map((budget) => diagnoseInteraction(study, budget)),
    offset: () => budgets.map((budget) => diagnoseOffset(study, budget)),
    'not-converged': () => [diagnoseConvergence(study, sources.traces)],
    'small-partitions': () => [diagnoseGain(study)],
    'unequal-sizes': () => [diagnoseSizes(study)],
    'far-apart': () => [diagnoseDistance(study, sources.geometry)],
    barrier: () => [diagnoseBarrier(study, lines)]
  }
  return {
    study: results.study.name,
    findings: CLAIMS.flatMap((claim) => findings[claim]()),
    lines,
    lineModelsLeft: countUnmeasured(results),
    geometry: sources.geometry,
    ...proposeMixtures(study, powers, sources.propose ?? null)
  }
}

/** Models on lines that lack some domain, each once. */
function countUnmeasured({ lines, domains }: StudyResults): number {
  const points = lines.flatMap((line) => line.points)
  const left = points.filter(({ nats }) => nats.size < domains.length)
  return new Set(left.map(({ fingerprint }) => fingerprint)).size
}
