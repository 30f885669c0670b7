/** From a mixture and its branches to the merges and the ensemble that stand for it. Pure. */
import type { MergeKind, Mixture, Study } from '#shared/records'
import { hasOneMerge, mergeWeights } from '#engine/proxies/mergeWeights'
import { canonicalJson } from '#engine/storage/fingerprint'
import { sha256 } from '#engine/storage/sha256'
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
  return fingerprintOfMerge(textOfBranches(branches))
}

/**
 * The merges that a study asks for of some mixtures, and their ensembles; those of one branch are that
 * branch, and not listed.
 *
 * @param branchOf fingerprints of branches by base unit
 */
export function planAverages(
  mixtures: readonly Mixture[],
  { merges: kinds }: Pick<Study, 'merges'>,
  branchOf: ReadonlyMap<string, string>
): { merges: PlannedMerge[]; ensembles: PlannedEnsemble[] } {
  const merges: PlannedMerge[] = []
  const ensembles: PlannedEnsemble[] = []
  for (const one of mixtures) {
    if (one.units.length < 2) continue
    const mixture = one.name
    // Where a mixture has one merge, all kinds of it and the ensemble are of the same branches.
    const micro = mergeBranches(one, 'micro', branchOf)
    const text = textOfBranches(micro)
    const hasOne = hasOneMerge(one)
    for (const merge of kinds) {
      const isMicro = merge === 'micro' || hasOne
      const branches = isMicro ? micro : mergeBranches(one, merge, branchOf)
      const fingerprint = fingerprintOfMerge(isMicro ? text : textOfBranches(branches))
      merges.push({ fingerprint, mixture, merge, branches })
    }
    const fingerprint = sha256(`{"ensemble":${text},"format":${MERGE_FORMAT}}`)
    ensembles.push({ fingerprint, mixture, branches: micro })
  }
  return { merges, ensembles }
}

function fingerprintOfMerge(branches: string): string {
  return sha256(`{"format":${MERGE_FORMAT},"merge":${branches}}`)
}

/** The canonical JSON of branches by fingerprint, written here since a study may have a hundred thousand merges. */
function textOfBranches(branches: readonly WeightedBranch[]): string {
  const ordered = [...branches].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
  let text = ''
  for (const { fingerprint, weight } of ordered) {
    const own = `{"fingerprint":${JSON.stringify(fingerprint)},"weight":${canonicalJson(weight)}}`
    text = text === '' ? own : `${text},${own}`
  }
  return `[${text}]`
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
