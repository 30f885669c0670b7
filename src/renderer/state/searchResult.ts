/** What a search found, as tables and a figure show it. Pure. */
import { csvTable } from '#shared/csvText'
import { widerInterval } from '#shared/evidenceView'
import type { FoundMixture, SearchedMixtures, VerifyReason } from '#shared/mixtureSearch'
import { correlation, percent, significant } from '../format'

/** A mixture with what it is in the list: its rank, or what it is held against. */
export interface FoundRow {
  label: string
  /** What the ones beside it are held against. */
  isPlain: boolean
  found: FoundMixture
  /** Its target on the `confirm` half by the merge; null where that was not asked. */
  merged: number | null
}

/** The best mixtures, then plain mixing. */
export function foundRows({ best, proportional, uniform, rescored }: SearchedMixtures): FoundRow[] {
  const merged = new Map(rescored.map(({ mixture, target }) => [mixture, target.confirm]))
  const row = (label: string, found: FoundMixture, isPlain: boolean) => ({
    label,
    isPlain,
    found,
    merged: merged.get(found.mixture) ?? null
  })
  return [
    ...best.map((one, place) => row(String(place + 1), one, false)),
    row('proportional', proportional, true),
    row('uniform', uniform, true)
  ]
}

/** Why a mixture is to be trained. */
export const VERIFY_WORDS: Record<VerifyReason, string> = {
  best: 'among the best',
  worst: 'the worst of its size: should come out well behind the best',
  unlike: 'in the best quarter, with least in common with the best'
}

/** Shares of a mixture as they are read: `law 62 %, code 38 %`, the largest first. */
export function sharesWords({ shares }: Pick<FoundMixture, 'shares'>): string {
  return Object.entries(shares)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => `${name} ${percent(share)}`)
    .join(', ')
}

/** How far the proxy's word is to be believed, in words. */
export function beliefWords({ believed, lacksEnsembles }: SearchedMixtures): string {
  if (lacksEnsembles) {
    return 'How far to believe it is not known: mixtures are trained, but the study’s ensembles are not measured. Run the study, then search again.'
  }
  const told = believed.filter(({ accuracy }) => accuracy.value !== null)
  if (told.length === 0) {
    return 'How far to believe it is not known: too few mixtures were trained.'
  }
  return told
    .map(({ budget, n, accuracy, regret }) => {
      const ends = widerInterval(accuracy)
      const range = ends ? ` [${correlation(ends.low)}, ${correlation(ends.high)}]` : ''
      return `Among ${n} trained mixtures (budget ${budget}) the ensemble orders ${correlation(accuracy.value)}${range} of pairs of one size as training does; choosing by it cost ${significant(regret.value)} nats per token.`
    })
    .join(' ')
}

/** All that was found as CSV, with full precision: one row per mixture, both halves. */
export function searchCsv(found: SearchedMixtures): string {
  const domains = Object.keys(found.uniform.domains)
  const rescored = new Map(found.rescored.map((one) => [one.mixture, one.target]))
  const halves = (name: string) => [`${name}_choose`, `${name}_confirm`]
  const head = [
    ...['list', 'mixture', 'shares', 'tokens'],
    ...['target', 'second', 'merge'].flatMap(halves),
    ...domains.flatMap((name) => halves(`loss ${name}`)),
    'does_not_keep_to'
  ]
  const row = (list: string, one: FoundMixture) => [
    ...[list, one.mixture, JSON.stringify(one.shares), one.tokens],
    ...[one.target, one.second, rescored.get(one.mixture) ?? null].flatMap((of) => [
      of?.choose ?? null,
      of?.confirm ?? null
    ]),
    ...domains.flatMap((name) => [one.domains[name]!.choose, one.domains[name]!.confirm]),
    one.breaks.join(' ')
  ]
  return csvTable(head, [
    ...foundRows(found).map(({ label, found: one }) => row(label, one)),
    ...found.front.map((one) => row('front', one)),
    ...found.verify.map((one) => row(`train: ${one.why}`, one))
  ])
}
