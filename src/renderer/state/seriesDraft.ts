/** What a series is made from, as it is typed: words for each kind, and the request. Pure. */
import { settingsFrom } from '#shared/series'
import type { SeriesKind, SeriesRequest } from '#shared/series'
import type { SeriesDemand } from '#shared/seriesView'
import { counted, short } from '../format'

/** By kind: what it tells, and what is trained again for it. */
export const SERIES_EXPLAINED: Record<SeriesKind, string> = {
  'unit-size':
    'Do smaller units still foretell training? Every base unit is cut into interleaved parts, a branch for each; sequential models stay.',
  'branch-rate':
    'At which learning rate do branches merge best? Branches are trained again; seed and sequential models stay.',
  replay:
    'Does some seed text in every batch keep branches close enough to merge? Branches are trained again; seed and sequential models stay.',
  'leave-one-out':
    'What is lost without each partition? One study: all partitions, and all but each. Seed and branches stay.',
  'swap-one':
    'Which addition helps most? One study: the partitions kept, and those with each other one. Seed and branches stay.',
  'seed-length':
    'How long must the seed be trained before branches merge? Everything but the text is trained again.',
  'no-seed':
    'What do branches need of the seed: weights and moments, weights alone, or none of it? Branches are trained again.',
  'partitions-number':
    'Does the merge agree as well among mixtures of more partitions? Seed and branches stay.',
  'rolling-windows':
    'How far does text of neighbours reach, of years for instance? Windows of partitions in their order; seed and branches stay.',
  uneven:
    'Do uneven partitions want the micro or the macro merge? Partitions are held to so many base units at most; units that are there stay.',
  'random-partitions':
    'Does the merge agree because partitions differ? The same text is shuffled into as many random partitions of the same sizes; seed and held-out text stay.'
}

/** By kind: what is typed for its settings. */
export const SETTINGS_LABEL: Record<SeriesKind, string> = {
  'unit-size': 'parts of each base unit',
  'branch-rate': 'peak learning rates',
  replay: 'shares of seed text in a batch, from 0 to below 1',
  'leave-one-out': 'partitions that are left out in turn',
  'swap-one': 'partitions that are kept while the others take turns',
  'seed-length': 'tokens of the seed',
  'no-seed': 'of weights-and-moments, weights, none',
  'partitions-number': 'numbers of partitions',
  'rolling-windows': 'partitions in a window',
  uneven: 'base units of a partition at most',
  'random-partitions': 'of natural, random'
}

/** True where settings are picked from the partitions instead of typed. */
export function picksPartitions(kind: SeriesKind): boolean {
  return kind === 'leave-one-out' || kind === 'swap-one'
}

/** A series as it is filled in; what is null is left to the engine. */
export interface SeriesDraft {
  kind: SeriesKind
  typed: string | null
  picked: string[] | null
  truth: 'study' | 'all' | 'none' | 'some'
  /** How many, of `some`. */
  count: number | null
  /** Whether settings are trained again under the study's other random seeds. */
  repeats: boolean
}

/** What is missing before a series can be asked about, in words; null where nothing is. */
export function draftProblem({ kind, picked, truth, count }: SeriesDraft): string | null {
  if (kind === 'leave-one-out' && picked?.length === 0) return 'Pick a partition to leave out.'
  if (truth !== 'some' || (Number.isInteger(count) && count! > 0)) return null
  return 'How many mixtures are trained is a whole number from 1.'
}

/** What is asked of the engine; null while something is missing. */
export function seriesRequest(draft: SeriesDraft): SeriesRequest | null {
  if (draftProblem(draft) !== null) return null
  const { kind, picked, typed, truth, count } = draft
  const repeats = draft.repeats ? { repeats: true } : {}
  const values = picksPartitions(kind) ? (picked ?? []) : settingsFrom(kind, typed ?? '')
  if (truth === 'study') return { kind, values, ...repeats }
  return { kind, values, truth: truth === 'some' ? count! : truth, ...repeats }
}

/** The settings of a series, as they are typed. */
export function settingsText(demand: SeriesDemand | null): string {
  return (demand?.studies ?? []).flatMap(({ setting }) => setting ?? []).join(', ')
}

/** What adding a series would ask for, and how much of it is there. */
export function seriesInWords({ studies, runsLeft, tokensLeft }: SeriesDemand, isExact: boolean) {
  const all = studies.reduce((sum, { runs }) => sum + runs, 0)
  const shared = all - runsLeft
  const adds =
    runsLeft === 0
      ? `${counted(studies.length, 'study', 'studies')}, nothing to train: all runs are there`
      : `${counted(studies.length, 'study', 'studies')}, ${counted(runsLeft, 'run')} of ${short(tokensLeft)} tokens to train`
  const there = shared > 0 && runsLeft > 0 ? `; ${shared} of ${all} are there or shared` : ''
  const why = isExact
    ? ''
    : ' How many base units a partition has is known once its text is tokenised: here each is taken for one.'
  return `${isExact ? '' : 'At least '}${adds}${there}.${why}`
}
