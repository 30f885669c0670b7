/** All that says how far the proxies of a study may be trusted, from what was measured. */
import { headlineAgreement, headlineAmong, studyAgreement } from '../agreement'
import type { AgreementRow, HeadlineAgreement } from '../agreement'
import { additionEffects } from './additions'
import { compareProxies } from './comparison'
import type { ProxyComparison } from './comparison'
import { measureNoise } from './noise'
import { scorePredictions } from './predicted'
import { untriedPartitions } from '../mixtures'
import { domainOverlaps } from '../overlaps'
import type { DomainOverlap } from '../overlaps'
import { rankAcrossSizes, rankWithinSizes, trainedMixtures } from '../rankings'
import type { Ranking } from '../rankings'
import type { DocumentChoice, StudyResults } from '../results'
import { assertAllDocuments } from '../tableStudy'
import type { TablesSummary } from '../tableStudy'
import type { AdditionEffect } from '#shared/additionEffect'
import type { Noise, Predicted } from '#shared/evidenceView'

export interface EvidenceOptions {
  /** Partitions that are alike, whose headline is computed by itself as well. */
  near?: string[]
  /** Which documents are measured on; default `all`. */
  documents?: DocumentChoice
}

/** The proxies of a study held against its sequential models. */
export interface GatheredEvidence {
  headline: HeadlineAgreement[]
  near: HeadlineAgreement[]
  agreement: AgreementRow[]
  /** Every proxy on every domain and mean, among mixtures of one size. */
  comparison: ProxyComparison[]
  /** Noise between random seeds; empty where nothing was trained again. */
  noise: Noise[]
  /** What was said before training; empty where nothing was. */
  predicted: Predicted[]
  /** What adding each partition does, by proxies and by training. */
  effects: AdditionEffect[]
  /** The documents it is measured on. */
  documents: DocumentChoice
  /** Held-out text that also stands in training text. */
  overlaps: DomainOverlap[]
  /** Partitions that no trained mixture holds: of them nothing is known but merges. */
  untried: string[]
  rankings: Ranking[]
  /** All sizes together; its caution says why that is no comparison. */
  acrossSizes: Ranking
  /** Set where all numbers come from tables. */
  tables?: TablesSummary
}

/**
 * @throws WorkbenchError `study/missing-partition` for a near partition that is not there,
 *   `study/from-tables` for a choice of documents where there are none
 */
export function gatherEvidence(
  results: StudyResults,
  options: EvidenceOptions = {}
): GatheredEvidence {
  const { near = [], documents = 'all' } = options
  if (results.tables) assertAllDocuments(documents)
  return {
    headline: headlineAgreement(results, { documents }),
    near: near.length > 0 ? headlineAmong(results, near, { documents }) : [],
    agreement: studyAgreement(results, { documents }),
    comparison: compareProxies(results, { documents }),
    noise: measureNoise(results, { documents }),
    predicted: scorePredictions(results),
    effects: additionEffects(results, { documents }),
    documents,
    overlaps: results.tables ? [] : domainOverlaps(results.prepared),
    untried: untriedPartitions(results.mixtures, trainedMixtures(results)),
    rankings: rankWithinSizes(results, { documents }),
    acrossSizes: rankAcrossSizes(results, { documents }),
    ...(results.tables ? { tables: results.tables } : {})
  }
}
