/** Gathers what a study has measured into the one form that evidence is computed from. */
import type { Prepared, Run, Study } from '#shared/records'
import { readDomainDocuments } from '#engine/data/domainDocuments'
import type { Measurements } from '#engine/storage/measurements'
import { isRunFinished } from '#engine/storage/runs'
import { readTables } from '#engine/storage/tableProject'
import type { AnyReportJob, EarlierModels, NamedModel, ReportJob } from '#engine/workers/jobs'
import { planEarlier } from './earlierBranches'
import { measurementDefinition } from './measure'
import { runsOf } from './plan'
import type { PlannedRun, StudyPlan } from './plan'
import type { ModelResult, StudyResults } from './results'
import { tableResults } from './tableStudy'
import { planLines } from './weightLines'

/**
 * Names all that a study's report is about: its mixtures, models and finished runs.
 *
 * @returns runs in the order of the plan; a run's head as it was when it last ended
 */
export function describeReport(input: {
  project: { folder: string; runs: readonly Run[] }
  study: Study
  prepared: Prepared
  plan: StudyPlan
}): ReportJob {
  const { project, study, prepared, plan } = input
  const heads = new Map(project.runs.map((run) => [run.fingerprint, run]))
  return {
    project: project.folder,
    study,
    prepared,
    mixtures: plan.mixtures,
    sequentialMixtures: plan.sequentialMixtures,
    runs: runsOf(plan).flatMap((run): Run[] => {
      const head = heads.get(run.fingerprint)
      if (!head || !isRunFinished(project.folder, run.fingerprint)) return []
      // One training may stand for several of the plan: a branch is its unit's sequential model.
      const { role, name, mixture, budget, chosenBy } = run
      return [{ ...head, role, name, mixture, budget, chosenBy }]
    }),
    models: modelsOf(plan),
    lines: planLines(plan, study.randomSeed).map((line) => ({
      ...line,
      points: line.points.map(({ t, fingerprint }) => ({ t, fingerprint }))
    })),
    earlier: describeEarlier(study, plan)
  }
}

/**
 * Reads the measurements of what a report is about. Models without any are left out.
 *
 * @throws WorkbenchError `storage/missing`, `storage/corrupt`
 */
export async function readResults(
  report: AnyReportJob,
  measurements: Measurements
): Promise<StudyResults> {
  if ('tables' in report) {
    return tableResults(report.study, await readTables(report.project, report.tables))
  }
  const { project, models, lines, earlier, ...rest } = report
  const { study, prepared } = rest
  const definition = measurementDefinition(study)
  const natsOf = (fingerprint: string): Map<string, number[]> =>
    new Map(
      prepared.domains.flatMap((domain) => {
        const found = measurements.find(fingerprint, domain.fingerprint, definition)
        return found ? [[domain.name, found.nats] as const] : []
      })
    )
  return {
    ...rest,
    domains: await Promise.all(
      prepared.domains.map(async (domain) => ({
        ...domain,
        perDocument: await readDomainDocuments(project, prepared, domain.name)
      }))
    ),
    models: models
      .map((model): ModelResult => ({ ...model, nats: natsOf(model.fingerprint) }))
      .filter((model) => model.nats.size > 0),
    lines: lines.map((line) => ({
      ...line,
      points: line.points.map((point) => ({ ...point, nats: natsOf(point.fingerprint) }))
    })),
    earlier: earlier.map(({ share, merges }) => ({
      share,
      planned: merges.length,
      merges: new Map(
        merges
          .map(({ mixture, fingerprint }) => [mixture, { nats: natsOf(fingerprint) }] as const)
          .filter(([, { nats }]) => nats.size > 0)
      )
    }))
  }
}

function describeEarlier(study: Study, plan: StudyPlan): EarlierModels[] {
  const merges = planEarlier(study, plan)
  const steps = [...new Set(merges.map(({ step }) => step))]
  return steps.map((step) => ({
    step,
    share: step / plan.branches[0]!.steps,
    merges: merges
      .filter((one) => one.step === step)
      .map(({ mixture, fingerprint }) => ({ mixture, fingerprint }))
  }))
}

function modelsOf(plan: StudyPlan): NamedModel[] {
  const trained = (run: PlannedRun): NamedModel => ({
    fingerprint: run.fingerprint,
    role: run.role,
    name: run.name,
    mixture: run.mixture,
    merge: null,
    budget: run.budget
  })
  return [
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
    ...plan.ensembles.map(({ fingerprint, mixture }) => ({
      fingerprint,
      role: 'ensemble' as const,
      name: `ensemble ${mixture}`,
      mixture,
      merge: null,
      budget: null
    })),
    ...plan.sequentials.map(trained)
  ]
}

function seedFromOutside(fingerprint: string): NamedModel {
  return { fingerprint, role: 'seed', name: 'seed', mixture: null, merge: null, budget: null }
}
