/** From a mixture and its branches to the merges and the ensemble that stand for it. Pure. */
import type { MergeKind, Mixture, Study } from '#shared/records'
import { mergeWeights } from '#engine/proxies/mergeWeights'
import { fingerprintOf } from '#engine/storage/fingerprint'
import type { WeightedBranch } from '#engine/workers/jobs'

/** Version of what a merge's fingerprint covers; a change here makes every merge new. */
const MERGE_FORMAT = 1

/** One average of branches; a merge of one branch is that branch and not listed. */
export interface PlannedMerge {
  fingerprint: string
  mixture: string
  merge: MergeKind
  /** Fingerprints of the branches, each once, with weights that sum to 1. */
  branches: WeightedBranch[]
}

/** Token probabilities of branches, averaged as the micro merge averages their parameters. */
export interface PlannedEnsemble {
  fingerprint: string
  mixture: string
  branches: WeightedBranch[]
}

/** The fingerprint of the model that stands for a mixture by a kind of merge. */
export function mergeFingerprint(branches: WeightedBranch[]): string {
  if (branches.length === 1) return branches[0]!.fingerprint
  return fingerprintOf({
    format: MERGE_FORMAT,
    merge: inOrder(branches)
  })
}

/** The ensemble of a mixture's branches; one of one branch is that branch, and not listed. */
export function planEnsemble(
  mixture: Mixture,
  branchOf: ReadonlyMap<string, string>
): PlannedEnsemble[] {
  if (mixture.units.length < 2) return []
  const branches = mergeBranches(mixture, 'micro', branchOf)
  const fingerprint = fingerprintOf({ format: MERGE_FORMAT, ensemble: inOrder(branches) })
  return [{ fingerprint, mixture: mixture.name, branches }]
}

function inOrder(branches: readonly WeightedBranch[]): WeightedBranch[] {
  return [...branches].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
}

/** Branches of a mixture with their weights in a merge of it. */
export function mergeBranches(
  mixture: Mixture,
  merge: MergeKind,
  branchOf: ReadonlyMap<string, string>
): WeightedBranch[] {
  const weights = mergeWeights(mixture, merge)
  return mixture.units.map((one, i) => ({
    fingerprint: branchOf.get(one.unit)!,
    weight: weights[i]!
  }))
}

/** The merges of a mixture that a study asks for; one of one branch is that branch, and not listed. */
export function planMerges(
  mixture: Mixture,
  study: Study,
  branchOf: ReadonlyMap<string, string>
): PlannedMerge[] {
  if (mixture.units.length < 2) return []
  return study.merges.map((merge) => {
    const branches = mergeBranches(mixture, merge, branchOf)
    return { fingerprint: mergeFingerprint(branches), mixture: mixture.name, merge, branches }
  })
}
