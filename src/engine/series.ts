/** Series of an open project: made from one line, priced, and read. */
import { basename } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import { SERIES_KINDS } from '#shared/series'
import type { SeriesKind, SeriesRequest } from '#shared/series'
import type { SeriesCost, SeriesPreview, SeriesResult } from '#shared/seriesView'
import { seriesCsv } from '#shared/seriesTable'
import { isOfEffects } from '#shared/seriesWords'
import type { Study } from '#shared/records'
import type { ProjectSession } from './projectSession'
import type { RunOptions } from './runContexts'
import { isRunFinished } from './storage/runs'
import { foreseenText } from './studies/foreseenText'
import { seriesPage, seriesSvg } from './studies/htmlReport/seriesPage'
import { tokensRead } from '#shared/preparedText'
import { missingParts } from './studies/measureModels'
import { distinctRuns, runsOf } from './studies/plan'
import {
  assertNamesFree,
  isAltered,
  seriesStudies,
  seriesText,
  studiesOf
} from './studies/series/generate'
import { partitionEffects, settingRows, windowLosses } from './studies/series/measureSetting'
import { seriesCost, seriesDemand } from './studies/series/seriesCost'
import type { PlannedSetting } from './studies/series/seriesCost'
import { saveTextFile } from './textFiles'

type Following = Pick<RunOptions, 'onProgress' | 'signal'>

/**
 * The studies that a request makes of a study, none of them saved.
 *
 * What depends on base units is read off the text as it is prepared, or would be.
 *
 * @throws WorkbenchError `usage/invalid` for settings that cannot be had; `study/from-tables`,
 *   `study/invalid`, `study/missing-partition`
 */
export async function planSeries(
  session: ProjectSession,
  base: Study,
  request: SeriesRequest
): Promise<Study[]> {
  if (session.isFromTables) {
    throw new WorkbenchError(
      'study/from-tables',
      'The study was made from tables: nothing can be trained with another setting.'
    )
  }
  if (base.models) {
    throw new WorkbenchError(
      'study/invalid',
      `The models of "${base.name}" were trained elsewhere, and the text of their partitions is not in the project: nothing can be trained with another setting.`,
      { study: base.name }
    )
  }
  return seriesStudies(base, request, await textOf(session, base))
}

/** Adds studies of a series to the project; one of the same setting is written anew, as it would be made now. */
export async function addSeries(session: ProjectSession, studies: readonly Study[]): Promise<void> {
  assertNamesFree(session.studies, studies)
  for (const study of studies) await session.saveStudy(study)
}

/**
 * What running the studies would cost from here. Prepares their text, and measures a rate where
 * none is known.
 *
 * @throws WorkbenchError as planning does
 */
export async function priceSeries(
  session: ProjectSession,
  base: Study,
  studies: readonly Study[],
  following: Following = {}
): Promise<SeriesCost> {
  const { rate } = await session.cost(base, following)
  const settings: PlannedSetting[] = []
  for (const study of studies) {
    await session.prepare(study, following)
    const context = await session.workOn(study)
    settings.push({
      study,
      plan: context.plan,
      tokensEach: tokensRead(context.prepared.domains),
      isMeasured: (model) => missingParts(model, context).length === 0
    })
  }
  return seriesCost(settings, rate, (one) => isRunFinished(session.folder, one))
}

/**
 * What running the studies would ask for from here, nothing prepared and no rate measured.
 *
 * @throws WorkbenchError as planning does
 */
export async function foreseeSeries(
  session: ProjectSession,
  studies: readonly Study[]
): Promise<Pick<SeriesPreview, 'demand' | 'isExact'>> {
  const settings = await Promise.all(
    studies.map(async (study) => ({ study, ...(await session.foresee(study)) }))
  )
  return {
    demand: seriesDemand(settings, (one) => isRunFinished(session.folder, one)),
    isExact: settings.every(({ isExact }) => isExact)
  }
}

/**
 * What a series found so far, setting by setting.
 *
 * @throws WorkbenchError `study/missing` where the project has no such series, naming those there;
 *   `run/missing` where none of its studies was run, naming them
 */
export async function readSeries(
  session: ProjectSession,
  base: string,
  kind: SeriesKind
): Promise<SeriesResult> {
  const own = studiesOf(session.studies, { kind, of: base })
  if (own.length === 0) throw noSeries(session, base, kind)
  const found: SeriesResult = { kind, of: base, rows: [], effects: [], windows: [], notRun: [] }
  const varied = session.studies.find(({ name }) => name === base) ?? null
  for (const { study, series } of own) {
    const prepared = await session.findPrepared(study)
    if (!prepared) continue
    const { plan } = await session.plan(study)
    const results = await session.results(study)
    if (results.models.length === 0) continue
    const { comparison } = await session.reports.belief(study)
    const left = distinctRuns(runsOf(plan)).filter(
      ({ fingerprint }) => !isRunFinished(session.folder, fingerprint)
    )
    const text = seriesText(study, prepared)
    found.rows.push(
      ...settingRows(results, comparison, {
        kind,
        setting: series.value,
        runsLeft: left.length,
        isAltered: varied === null || isAltered(study, varied, await textOf(session, varied))
      })
    )
    if (isOfEffects(kind)) {
      found.effects.push(...partitionEffects(results, kind))
    }
    if (kind === 'rolling-windows') {
      const order = text.partitions.map(({ name }) => name)
      found.windows.push(...windowLosses(results, order, Number(series.value)))
    }
  }
  if (found.rows.length === 0) throw notRun(own.map(({ study }) => study.name))
  const measured = new Set(found.rows.map(({ study }) => study))
  found.notRun.push(...own.map(({ study }) => study.name).filter((name) => !measured.has(name)))
  return found
}

async function textOf(session: ProjectSession, study: Study) {
  const prepared = await session.findPrepared(study)
  if (prepared) return seriesText(study, prepared)
  return seriesText(study, foreseenText(study, await session.askText('texts', study, {})).text)
}

function noSeries(session: ProjectSession, base: string, kind: SeriesKind): WorkbenchError {
  const there = SERIES_KINDS.flatMap((one) =>
    session.studies.some(({ series }) => series?.kind === one && series.of === base) ? [one] : []
  )
  return new WorkbenchError(
    'study/missing',
    `The project has no series ${kind} of the study "${base}". Series of it there: ${there.join(', ') || 'none'}.`,
    { found: there, series: kind }
  )
}

function notRun(studies: string[]): WorkbenchError {
  return new WorkbenchError(
    'run/missing',
    `No study of the series was run yet: ${studies.join(', ')}. Run them first.`,
    { studies }
  )
}

/** What a series is written as: the table behind its figure, the figure alone, or a page of both. */
export interface SeriesFiles {
  csv?: string
  svg?: string
  html?: string
}

/**
 * Writes a series into files, each whole or not at all.
 *
 * @param options `version`: Assay's own
 * @returns the files written
 * @throws WorkbenchError `storage/exists` where a folder has the name of one, `storage/disk-full`,
 *   `storage/not-writable`
 */
export async function saveSeries(
  session: ProjectSession,
  result: SeriesResult,
  files: SeriesFiles,
  options: { version: string }
): Promise<string[]> {
  const facts = { project: basename(session.folder), ...options }
  const texts = {
    csv: () => seriesCsv(result),
    svg: () => seriesSvg(result),
    html: () => seriesPage(result, facts)
  }
  const written: string[] = []
  for (const kind of ['csv', 'svg', 'html'] as const) {
    const name = files[kind]
    if (name === undefined) continue
    written.push((await saveTextFile(name, texts[kind]())).file)
  }
  return written
}
