/** From one line to the studies of a series: plain records, one per setting. Pure. */
import { WorkbenchError } from '#shared/errors'
import { fitName } from '#shared/names'
import type { Prepared, Study } from '#shared/records'
import type { SeriesOrigin, SeriesRequest } from '#shared/series'
import { fingerprintOf } from '#engine/storage/fingerprint'
import type { PlannedText } from '../plan'
import { parseStudy } from '../study'
import { NONE_NAMED, SETTINGS } from './settings'
import type { SeriesText } from './settings'

/** Numbers inside names are ordered as numbers: years, and `part 10` behind `part 9`. */
const IN_ORDER = new Intl.Collator('en', { numeric: true })

/** What a series reads of a study's text. Partitions come as listed in the study, else by name. */
export function seriesText(
  { partitions }: Study,
  text: Pick<PlannedText, 'partitions'> | Pick<Prepared, 'partitions'>
): SeriesText {
  const own = text.partitions.flatMap(({ baseUnits }) =>
    baseUnits.length > 0 ? [{ name: baseUnits[0]!.partition, units: baseUnits }] : []
  )
  const place = (name: string) => (partitions === 'all' ? 0 : partitions.indexOf(name))
  return {
    partitions: own.sort(
      (a, b) => place(a.name) - place(b.name) || IN_ORDER.compare(a.name, b.name)
    )
  }
}

/**
 * Makes the studies of a series.
 *
 * Only what the kind varies differs from the study at hand, so that all else is there already by
 * its fingerprint. Where branches are varied, sequential models keep their recipe: what proxies are
 * held against stays one truth. What is trained again under other random seeds is left out unless
 * asked for.
 *
 * @throws WorkbenchError `usage/invalid` for settings that cannot be had; `study/invalid`
 */
export function seriesStudies(base: Study, request: SeriesRequest, text: SeriesText): Study[] {
  const { kind, values, truth } = request
  const repeats = request.repeats === true ? {} : { randomSeeds: [] }
  return SETTINGS[kind](base, values, text).map(({ value, change }): Study => {
    const { series: _series, ...plain } = base
    const changed = { ...plain, ...change }
    const sequential = { ...base.sequential, ...changed.sequential }
    const series: SeriesOrigin = { kind, of: base.name, value }
    const name = studyName(series)
    return parseStudy(
      {
        ...changed,
        name,
        repeats: { ...base.repeats, ...repeats },
        sequential: truth === undefined ? sequential : { ...sequential, ...trained(truth) },
        series
      },
      `the study "${name}"`
    )
  })
}

function trained(truth: NonNullable<SeriesRequest['truth']>) {
  if (typeof truth !== 'number') return { choose: { kind: truth }, ...NONE_NAMED }
  return { choose: { kind: 'random' as const, count: truth }, ...NONE_NAMED }
}

/** What a study of a series is called: `demo / branch-rate 0.0002`. */
export function studyName({ kind, of, value }: SeriesOrigin): string {
  return fitName(`${of} / ${kind}${value === null ? '' : ` ${value}`}`)!
}

/** The studies of one series, in the order of their settings. */
export function studiesOf(
  studies: readonly Study[],
  { kind, of }: Pick<SeriesOrigin, 'kind' | 'of'>
) {
  const own = studies.flatMap((study) =>
    study.series?.kind === kind && study.series.of === of ? [{ study, series: study.series }] : []
  )
  const size = ({ series }: (typeof own)[number]) =>
    typeof series.value === 'number' ? series.value : 0
  return own.sort((a, b) => size(a) - size(b))
}

/**
 * Asserts that adding studies takes no name from one that somebody wrote.
 *
 * @throws WorkbenchError `study/invalid`
 */
export function assertNamesFree(there: readonly Study[], added: readonly Study[]): void {
  const taken = added.filter(({ name, series }) =>
    there.some(
      (one) => one.name === name && fingerprintOf(one.series ?? null) !== fingerprintOf(series)
    )
  )
  if (taken.length === 0) return
  const names = taken.map(({ name }) => `"${name}"`).join(', ')
  throw new WorkbenchError(
    'study/invalid',
    `The project has other studies by the names of the series: ${names}. Rename or remove them.`,
    { found: taken.map(({ name }) => name) }
  )
}

/** True where a study of a series is no longer what the study that it was varied from would give. */
export function isAltered(study: Study, base: Study | null, text: SeriesText): boolean {
  const { series } = study
  if (!series || !base) return true
  const values = valuesAgain(series, study)
  try {
    const again = seriesStudies(base, { kind: series.kind, values }, text)
    const same = (one: Study) =>
      fingerprintOf({ ...one, sequential: recipeOnly(one), repeats: null })
    return !again.some((one) => same(one) === same(study))
  } catch {
    return true
  }
}

/** Which models are trained, and which of them again, may be chosen freely: their recipe may not. */
function recipeOnly({ sequential }: Study) {
  return { recipe: sequential.recipe, budgets: sequential.budgets }
}

/** The values that a series was asked with, read off one of its studies. */
function valuesAgain({ kind, value }: SeriesOrigin, study: Study): SeriesRequest['values'] {
  const { choose } = study.mixtures
  if (choose.kind !== 'list') return value === null ? [] : [value]
  const sizes = choose.list.map((one) => Object.keys(one))
  const largest = sizes.reduce((most, one) => (one.length > most.length ? one : most), [])
  const smallest = sizes.reduce((least, one) => (one.length < least.length ? one : least), largest)
  if (kind === 'swap-one') return smallest
  if (kind !== 'leave-one-out') return value === null ? [] : [value]
  return largest.filter((name) => sizes.some((one) => one !== largest && !one.includes(name)))
}
