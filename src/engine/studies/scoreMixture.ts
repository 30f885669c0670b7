/** What the ensemble of a mixture's branches says, at once: no model is made, nothing is stored. */
import { meanLoss } from '#shared/metrics'
import { assertTrained } from './evaluateMixtures'
import { domainMeans, meanOver } from './evidence/scores'
import { measuredText } from './measure'
import { mergeBranches } from './plannedMerges'
import type { RunContext } from './runContext'

/** A mixture's name, and its values in the order of the matrix's domains and means. */
export interface ScoredMixture {
  mixture: string
  /** Perplexities; of `-log` means nats per token. */
  values: number[]
}

/**
 * Scores the one mixture of a plan by its branches' token probabilities, which are kept from when
 * they were measured; where they are not, they are measured once.
 *
 * A worker that never trains does it, so that sliders are answered while a study runs.
 *
 * @throws WorkbenchError `run/missing` where a branch is not trained yet
 */
export async function scoreMixture(context: RunContext): Promise<ScoredMixture> {
  const { project, pool, prepared, plan, signal } = context
  const mixture = plan.mixtures[0]!
  const held = new Set(mixture.units.map(({ unit }) => unit))
  assertTrained(
    plan.branches.filter(({ name }) => held.has(name)),
    project.folder
  )
  const branchOf = new Map(plan.branches.map((run) => [run.name, run.fingerprint]))
  const { nats } = await pool.run(
    'measure',
    {
      ...measuredText(context),
      label: `ensemble ${mixture.name}`,
      model: { kind: 'ensemble', branches: mergeBranches(mixture, 'micro', branchOf) },
      heldBytes: 0,
      keepTokens: !project.isReadOnly
    },
    { lane: 'aside', signal }
  )
  const losses = prepared.domains.map(({ tokens }, d) =>
    meanLoss({ nats: nats[d]!.reduce((sum, one) => sum + one, 0), tokens, bytes: 0 })
  )
  const means = domainMeans(prepared.domains).map((mean) => meanOver(mean, (d) => losses[d]!))
  return { mixture: mixture.name, values: [...losses.map(Math.exp), ...means] }
}
