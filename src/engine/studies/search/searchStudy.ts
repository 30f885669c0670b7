/** From a study and a request to the job that searches its mixtures, and back to their names. */
import { WorkbenchError } from '#shared/errors'
import { MOST_MEMBERS, shareBounds } from '#engine/proxies/search/constraints'
import { assertTarget } from '#engine/proxies/search/searchTarget'
import type { MixtureSearchJob } from '#engine/workers/jobs'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import type { Comparison } from '#shared/evidenceView'
import type { SearchRequest, SearchResult, UnnamedMixture } from '#shared/mixtureSearch'
import type { Progress } from '#shared/records'
import { assertTrained } from '../evaluateMixtures'
import { measuredText } from '../measure'
import { memberNames, mixtureName } from '../mixtures'
import type { RunContext } from '../runContext'

/** Of a share in a name. */
const DIGITS = 5

/**
 * Searches a study's mixtures by the ensemble of their branches, in a worker beside what trains.
 *
 * @throws WorkbenchError `run/missing` where a branch is not trained; `search/infeasible` naming the
 *   constraint; `study/missing-domain`, `study/missing-partition`, `study/invalid`, `usage/invalid`
 * @throws the signal's reason when it was asked to stop
 */
export async function searchStudy(
  request: SearchRequest,
  context: Pick<RunContext, 'project' | 'pool' | 'study' | 'prepared' | 'plan' | 'signal'>,
  onProgress: (progress: Progress) => void
): Promise<SearchResult> {
  const { pool, signal } = context
  // What can be refused is refused before anything is read.
  assertTarget(
    context.prepared.domains.map(({ name }) => name),
    request
  )
  assertTrained(context.plan.branches, context.project.folder)
  const job = searchJob(request, context)
  const found = await pool.run('mixtureSearch', job, { lane: 'aside', signal, onProgress })
  const named = <Mixture extends UnnamedMixture>(one: Mixture) => {
    const weights = weightsOf(one, job.members)
    const parts = Object.entries(weights).map(([name, weight]) => ({ name, weight }))
    return { ...one, weights, mixture: nameOf(parts) }
  }
  return {
    ...found,
    best: found.best.map(named),
    front: found.front.map(named),
    proportional: named(found.proportional),
    uniform: named(found.uniform),
    verify: found.verify.map(named)
  }
}

/**
 * What evidence says of the proxy that is searched by, on the mean over all domains.
 *
 * @returns `believed` by truth budget; `lacksEnsembles` where mixtures are trained but their
 *   ensembles are not measured yet
 */
export function believedOf(comparison: readonly Comparison[]): {
  believed: Comparison[]
  lacksEnsembles: boolean
} {
  const trained = comparison.filter(({ domain, n }) => domain === HEADLINE_DOMAIN && n > 0)
  const believed = trained.filter(({ proxy }) => proxy === 'ensemble')
  return { believed, lacksEnsembles: believed.length === 0 && trained.length > 0 }
}

function searchJob(
  request: SearchRequest,
  { project, study, prepared, plan }: Pick<RunContext, 'project' | 'study' | 'prepared' | 'plan'>
): MixtureSearchJob {
  const { over } = study.mixtures
  const units = prepared.partitions.flatMap((partition) => partition.baseUnits)
  const branchOf = new Map(plan.branches.map((run) => [run.name, run]))
  const members = memberNames(over, units).map((name) => {
    const own = units.filter((unit) => name === (over === 'units' ? unit.name : unit.partition))
    const runs = own.map((unit) => branchOf.get(unit.name)!)
    return {
      name,
      branches: runs.map(({ fingerprint }) => fingerprint),
      tokens: runs.reduce((sum, run) => sum + run.tokens, 0)
    }
  })
  if (members.length > MOST_MEMBERS) {
    throw new WorkbenchError(
      'study/invalid',
      `The study's mixtures are made of ${members.length} ${over}; a search looks at every subset of up to ${MOST_MEMBERS}. Search a study of fewer.`,
      { members: members.length, most: MOST_MEMBERS }
    )
  }
  shareBounds(
    members.map(({ name, branches, tokens }) => ({ name, tokens, branches: branches.length })),
    request
  )
  return {
    text: {
      ...measuredText({ project, study, prepared, plan }),
      heldBytes: 0,
      keepTokens: !project.isReadOnly
    },
    prepared,
    members,
    request,
    randomSeed: study.randomSeed,
    // Not under the lock: a project that is only read beside a run may keep how far a search is.
    keepScores: project.readOnlyBecause === null && !project.isBundle
  }
}

/** A mixture's weights as a study lists them: all 1 where every branch counts the same, as in the micro merge. */
function weightsOf(
  { shares }: UnnamedMixture,
  members: MixtureSearchJob['members']
): Record<string, number> {
  const own = members.filter(({ name }) => shares[name] !== undefined)
  const branches = own.reduce((sum, one) => sum + one.branches.length, 0)
  const isPlain = own.every(
    (one) => Math.abs(shares[one.name]! - one.branches.length / branches) < 1e-9
  )
  return Object.fromEntries(
    own.map(({ name }) => [name, isPlain ? 1 : Number(shares[name]!.toPrecision(DIGITS))])
  )
}

/** What a study calls a mixture: weights stand in the name only where they are not all the same. */
function nameOf(parts: { name: string; weight: number }[]): string {
  const isPlain = parts.every(({ weight }) => weight === 1)
  return mixtureName(isPlain ? parts.map(({ name }) => ({ name, weight: null })) : parts)
}
