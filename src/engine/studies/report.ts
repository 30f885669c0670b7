/** Gathers what a study has measured into the one form that evidence is computed from. */
import type { Prepared, Run, Study } from '#shared/records'
import { readDomainDocuments } from '#engine/data/domainDocuments'
import type { Measurements } from '#engine/storage/measurements'
import type { Project } from '#engine/storage/project'
import { isRunFinished } from '#engine/storage/runs'
import { measurementDefinition } from './measure'
import { runsOf } from './plan'
import type { PlannedRun, StudyPlan } from './plan'
import type { ModelResult, StudyResults } from './results'

/**
 * Collects a study's measurements, runs and domains. Models without any measurement are left out.
 *
 * @returns runs in the order of the plan; a run's head as it was when it last ended
 */
export async function collectResults(input: {
  project: Project
  measurements: Measurements
  study: Study
  prepared: Prepared
  plan: StudyPlan
}): Promise<StudyResults> {
  const { project, measurements, study, prepared, plan } = input
  const definition = measurementDefinition(study)
  const natsOf = (fingerprint: string): Map<string, number[]> =>
    new Map(
      prepared.domains.flatMap((domain) => {
        const found = measurements.find(fingerprint, domain.fingerprint, definition)
        return found ? [[domain.name, found.nats] as const] : []
      })
    )
  const trained = (run: PlannedRun): Omit<ModelResult, 'nats'> => ({
    fingerprint: run.fingerprint,
    role: run.role,
    name: run.name,
    mixture: run.mixture,
    merge: null,
    budget: run.budget
  })
  const models = [
    ...(plan.seed ? [trained(plan.seed)] : []),
    ...(plan.seedCheckpoint ? [seedFromOutside(plan.seedCheckpoint.fingerprint)] : []),
    ...plan.branches.map(trained),
    ...plan.merges.map((merge) => ({
      fingerprint: merge.fingerprint,
      role: 'merge' as const,
      name: `merge-${merge.merge} ${merge.mixture}`,
      mixture: merge.mixture,
      merge: merge.merge,
      budget: null
    })),
    ...plan.sequentials.map(trained)
  ]
  const heads = new Map(project.runs.map((run) => [run.fingerprint, run]))
  return {
    study,
    prepared,
    mixtures: plan.mixtures,
    sequentialMixtures: plan.sequentialMixtures,
    domains: await Promise.all(
      prepared.domains.map(async (domain) => ({
        ...domain,
        perDocument: await readDomainDocuments(project.folder, prepared, domain.name)
      }))
    ),
    runs: runsOf(plan).flatMap((run): Run[] => {
      const head = heads.get(run.fingerprint)
      if (!head || !isRunFinished(project.folder, run.fingerprint)) return []
      // One training may stand for several of the plan: a branch is its unit's sequential model.
      const { role, name, mixture, budget, chosenBy } = run
      return [{ ...head, role, name, mixture, budget, chosenBy }]
    }),
    models: models
      .map((model): ModelResult => ({ ...model, nats: natsOf(model.fingerprint) }))
      .filter((model) => model.nats.size > 0)
  }
}

function seedFromOutside(fingerprint: string): Omit<ModelResult, 'nats'> {
  return { fingerprint, role: 'seed', name: 'seed', mixture: null, merge: null, budget: null }
}
