/** Gathers what a study has measured into the one form that evidence is computed from. */
import type { Prepared, Run, Study } from '#shared/records'
import { readDomainDocuments, readOtherAnswers } from '#engine/data/domainDocuments'
import type { Measurements } from '#engine/storage/measurements'
import { predictionKey, readPredictions } from '#engine/storage/predictions'
import { isRunFinished } from '#engine/storage/runs'
import { readTables } from '#engine/storage/tableProject'
import type {
  AnyReportJob,
  EarlierModels,
  NamedModel,
  ReportedRun,
  ReportJob
} from '#engine/workers/reportJobs'
import { planEarlier, shortestBranch } from './earlierBranches'
import { measurementDefinition } from './measure'
import { runsOf } from './plan'
import type { PlannedRun, StudyPlan } from './plan'
import type { PlannedEnsemble, PlannedMerge } from './plannedMerges'
import type { MeasuredDomain, ModelResult, StudyResults } from './results'
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
    pickedMixtures: plan.pickedMixtures,
    runs: runsOf(plan).flatMap((run): ReportedRun[] => {
      const head = heads.get(run.fingerprint)
      if (!head || !isRunFinished(project.folder, run.fingerprint)) return []
      // One training may stand for several of the plan: a branch is its unit's sequential model.
      const { role, name, mixture, budget, chosenBy, randomSeed } = run
      return [{ ...head, role, name, mixture, budget, chosenBy, randomSeed }]
    }),
    models: modelsOf(plan),
    sequentials: plan.sequentials.map(({ fingerprint, mixture, budget, chosenBy }) => ({
      fingerprint,
      mixture: mixture!,
      budget: budget!,
      chosenBy
    })),
    repeats: plan.repeats.map((repeat) => ({
      randomSeed: repeat.randomSeed,
      models: [
        ...repeat.branches.map((run) => ({ ...trained(run), name: run.draws[0]!.unit.name })),
        ...repeat.merges.map(merged),
        ...repeat.ensembles.map(averaged),
        ...repeat.sequentials.map(trained)
      ]
    })),
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
  const { project, models, repeats, sequentials, lines, earlier, ...rest } = report
  const { study, prepared } = rest
  const definition = measurementDefinition(study)
  const predictions = await readPredictions(project)
  const natsOf = (fingerprint: string): Map<string, number[]> =>
    new Map(
      prepared.domains.flatMap((domain) => {
        const found = measurements.find(fingerprint, domain.fingerprint, definition)
        return found ? [[domain.name, found.nats] as const] : []
      })
    )
  const otherNatsOf = (fingerprint: string): Map<string, number[]> =>
    new Map(
      prepared.domains.flatMap(({ name, choices }) => {
        const found = choices && measurements.find(fingerprint, choices.fingerprint, definition)
        return found ? [[name, found.nats] as const] : []
      })
    )
  const measured = (named: readonly NamedModel[]) =>
    named
      .map((model): ModelResult => ({
        ...model,
        nats: natsOf(model.fingerprint),
        otherNats: otherNatsOf(model.fingerprint)
      }))
      .filter((model) => model.nats.size > 0)
  return {
    ...rest,
    domains: await Promise.all(
      prepared.domains.map(async (domain): Promise<MeasuredDomain> => {
        const otherAnswers = await readOtherAnswers(project, domain)
        return {
          ...domain,
          perDocument: await readDomainDocuments(project, prepared, domain.name),
          ...(otherAnswers ? { otherAnswers } : {})
        }
      })
    ),
    models: measured(models),
    repeats: repeats
      .map((repeat) => ({ ...repeat, models: measured(repeat.models) }))
      .filter((repeat) => repeat.models.length > 0),
    predictions: sequentials.flatMap((run) => {
      const prediction = predictions.get(predictionKey({ run: run.fingerprint, definition }))
      return prediction ? [{ ...run, prediction }] : []
    }),
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

function trained(run: PlannedRun): NamedModel {
  const { fingerprint, role, name, mixture, budget } = run
  return { fingerprint, role, name, mixture, merge: null, budget }
}

function merged({ fingerprint, mixture, merge }: PlannedMerge): NamedModel {
  const name = `merge-${merge} ${mixture}`
  return { fingerprint, role: 'merge', name, mixture, merge, budget: null }
}

function averaged({ fingerprint, mixture }: PlannedEnsemble): NamedModel {
  const name = `ensemble ${mixture}`
  return { fingerprint, role: 'ensemble', name, mixture, merge: null, budget: null }
}

function describeEarlier(study: Study, plan: StudyPlan): EarlierModels[] {
  const merges = planEarlier(study, plan)
  const steps = [...new Set(merges.map(({ step }) => step))]
  return steps.map((step) => ({
    step,
    share: step / shortestBranch(study),
    merges: merges
      .filter((one) => one.step === step)
      .map(({ mixture, fingerprint }) => ({ mixture, fingerprint }))
  }))
}

function modelsOf(plan: StudyPlan): NamedModel[] {
  return [
    ...(plan.seed ? [trained(plan.seed)] : []),
    ...(plan.seedCheckpoint ? [seedFromOutside(plan.seedCheckpoint.fingerprint)] : []),
    ...plan.branches.map(trained),
    ...plan.merges.map(merged),
    ...plan.ensembles.map(averaged),
    ...plan.sequentials.map(trained)
  ]
}

function seedFromOutside(fingerprint: string): NamedModel {
  return { fingerprint, role: 'seed', name: 'seed', mixture: null, merge: null, budget: null }
}
