/** From a mixture or a run of a plan to the job that writes it as a model, and what is said of it. */
import { join } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import { perplexity } from '#shared/metrics'
import type { ExportChoices } from '#shared/modelExport'
import type { MergeKind } from '#shared/records'
import { folderName } from '#engine/storage/folderName'
import { isRunFinished } from '#engine/storage/runs'
import type { ExportJob, WeightedBranch } from '#engine/workers/jobs'
import { assertTrained, partOf } from './evaluateMixtures'
import { measurementDefinition } from './measure'
import { modelCard } from './modelCard'
import type { ModelFacts } from './modelCard'
import { distinctRuns, runsOf } from './plan'
import { mergeBranches, mergeFingerprint } from './plannedMerges'
import type { RunContext } from './runContext'
import { startNode } from './startNode'

/** How a model is written, and by which Assay. */
export interface ExportHow extends ExportChoices {
  version: string
  /** Where it goes; within the project's `exports/` when left out. */
  folder?: string
}

type Exported = Pick<RunContext, 'project' | 'study' | 'prepared' | 'plan' | 'measurements'>

/**
 * What a worker needs to write the merge of a mixture.
 *
 * @param merge how its branches are weighted
 * @returns the job, and its folder's name within the project
 * @throws WorkbenchError `study/invalid` for a mixture that is not there, `run/missing`
 */
export function mergeExport(
  mixture: string,
  merge: MergeKind,
  context: Exported,
  how: ExportHow
): { job: ExportJob; folder: string } {
  const { project, study, plan } = context
  const { mixtures, branches: runs } = partOf(plan, [mixture])
  const one = mixtures[0]!
  assertTrained(runs, project.folder)
  const branchOf = new Map(runs.map((run) => [run.name, run.fingerprint]))
  const branches = mergeBranches(one, merge, branchOf)
  const parts = branches.map((branch, i) => ({ unit: one.units[i]!.unit, ...branch }))
  const fingerprint = mergeFingerprint(branches)
  const facts = factsOf(context, how, fingerprint, startNode(runs[0]!, plan), {
    title: `${one.name} (${merge} merge)`,
    made: 'merged',
    merge: { kind: merge, mixture: one.name, parts }
  })
  const mixtureFile = {
    study: study.name,
    mixture: one.name,
    merge,
    members: one.members,
    branches: parts,
    fingerprint,
    startedFrom: facts.startedFrom,
    dtype: facts.dtype,
    measured: measuredOf(facts)
  }
  return exportTo(context, how, `${folderName(one.name)}-${merge}`, branches, [
    { name: 'mixture.json', text: json(mixtureFile) },
    { name: 'README.md', text: modelCard(facts) }
  ])
}

/**
 * What a worker needs to write the checkpoint of a run: the seed model, a branch, a sequential model.
 *
 * @param named its name, or the first digits of its fingerprint
 * @returns the job, and its folder's name within the project
 * @throws WorkbenchError `run/unknown` for one that is not there or several of that name,
 *   `run/missing` for one that is not trained
 */
export function runExport(
  named: string,
  context: Exported,
  how: ExportHow
): { job: ExportJob; folder: string } {
  const run = runNamed(named, context)
  const { fingerprint, name, role, mixture, tokens, steps, randomSeed } = run
  const facts = factsOf(context, how, fingerprint, startNode(run, context.plan), {
    title: name,
    made: 'trained',
    run: { name, role, mixture, tokens, steps, randomSeed, draws: run.draws }
  })
  const lineage = {
    run: fingerprint,
    name,
    role,
    mixture,
    study: context.study.name,
    startedFrom: facts.startedFrom,
    dtype: facts.dtype,
    measured: measuredOf(facts)
  }
  return exportTo(
    context,
    how,
    folderName(name),
    [{ fingerprint, weight: 1 }],
    [
      { name: 'lineage.json', text: json(lineage) },
      { name: 'README.md', text: modelCard(facts) }
    ]
  )
}

function runNamed(named: string, { plan, project }: Exported) {
  const runs = distinctRuns(runsOf(plan))
  const isDigits = /^[0-9a-f]{6,64}$/.test(named)
  const found = runs.filter(
    ({ name, fingerprint }) => name === named || (isDigits && fingerprint.startsWith(named))
  )
  const [run] = found
  if (!run || found.length > 1) {
    const names = [...new Set(runs.map(({ name }) => name))]
    const which = found.map((one) => `${one.role} ${one.fingerprint.slice(0, 12)}`).join(', ')
    throw new WorkbenchError(
      'run/unknown',
      run
        ? `${found.length} runs are called "${named}": ${which}. Say which by its fingerprint.`
        : `The study has no run "${named}". Its runs: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`,
      { run: named, found: names }
    )
  }
  if (isRunFinished(project.folder, run.fingerprint)) return run
  throw new WorkbenchError(
    'run/missing',
    `The run "${run.name}" is not trained yet. Run the study first.`,
    { missing: [run.name] }
  )
}

function exportTo(
  { project, study }: Exported,
  { dtype = 'F32', shardBytes, folder: chosen }: ExportHow,
  name: string,
  branches: WeightedBranch[],
  beside: ExportJob['beside']
): { job: ExportJob; folder: string } {
  const folder = `exports/${folderName(study.name)}/${name}`
  const job = {
    project: project.folder,
    folder: chosen ?? join(project.folder, folder),
    label: name,
    branches,
    dtype,
    shardBytes: shardBytes ?? null,
    beside
  }
  return { job, folder }
}

function factsOf(
  { study, prepared, measurements, plan }: Exported,
  { dtype = 'F32', version }: ExportHow,
  fingerprint: string,
  startedFrom: ModelFacts['startedFrom'],
  made: Pick<ModelFacts, 'title' | 'made' | 'merge' | 'run'>
): ModelFacts {
  const definition = measurementDefinition(study)
  return {
    ...made,
    version,
    study: study.name,
    config: plan.config,
    fingerprint,
    startedFrom,
    dtype,
    tokenizer: prepared.tokenizer.fingerprint,
    measured: prepared.domains.flatMap((domain) => {
      const nats = measurements.totalOf(fingerprint, domain.fingerprint, definition)
      if (nats === null) return []
      const { name, kind, tokens, bytes } = domain
      return [{ domain: name, kind, nats, tokens, bytes, fingerprint: domain.fingerprint }]
    })
  }
}

function measuredOf({ measured }: ModelFacts): unknown {
  return measured.map((one) => ({ ...one, perplexity: perplexity(one) }))
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2) + '\n'
}
