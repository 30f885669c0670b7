/** How well merges of branches agreed with the truth earlier in the branches' training. */
import type { MeasuredNumber } from '#shared/diagnosis'
import type { BudgetKind } from '#shared/records'
import { chosenDocuments } from '#engine/studies/results'
import { measureStratum } from '../measureStratum'
import { lossOn } from '../scores'
import { withinSize } from '../strata'
import { meanOf, measured } from './finding'
import type { DiagnosedStudy } from './finding'

/** Agreement at each checkpoint, and what is to be said of it; empty where no study keeps any. */
export interface EarlierAgreement {
  numbers: MeasuredNumber[]
  words: string
}

/**
 * ρ within sizes of the diagnosed merge, at each kept checkpoint and at the end, all on the same
 * mixtures: those that have a value at every one of them.
 */
export function earlierAgreement(study: DiagnosedStudy): EarlierAgreement {
  const { earlier, study: asked } = study.results
  if (earlier.length === 0) return { numbers: [], words: '' }
  const isWhole = ({ merges, planned }: (typeof earlier)[number]) => merges.size === planned
  const there = earlier.filter(({ merges }) => merges.size > 0)
  const missing = earlier.some((one) => !isWhole(one))
    ? ' Some branches lack earlier checkpoints: they were trained before the study kept any, or are not trained.'
    : ''
  const told = asked.sequential.budgets.flatMap((budget) => curveOf(study, there, budget))
  const known = told.filter(({ value }) => value !== null)
  const words =
    known.length === 0
      ? ' Agreement at earlier checkpoints cannot be told yet.'
      : ` Agreement: ${known.map(({ words: own, value }) => `ρ ${value!.toFixed(2)} ${own}`).join(', ')}.`
  return { numbers: told.map(({ number }) => number), words: words + missing }
}

function curveOf(
  study: DiagnosedStudy,
  earlier: DiagnosedStudy['results']['earlier'],
  budget: BudgetKind
) {
  const { results, mixtures, proxy } = study
  if (proxy === null || earlier.length === 0) return []
  const domains = results.domains.map((domain) => ({
    domain,
    chosen: chosenDocuments(domain, 'all')
  }))
  const curves = [
    ...earlier.map(({ share, merges }) => ({
      words: `at ${Number((100 * share).toFixed(1))} % of the branches’ steps`,
      losses: Float64Array.from(mixtures, ({ name }) =>
        meanOf(domains.map(({ domain, chosen }) => lossOn(merges.get(name), domain, chosen)))
      )
    })),
    { words: 'at their end', losses: study.proxyLosses(proxy) }
  ]
  const truth = study.truth(budget, 'evidence')
  const both = [...mixtures.keys()].filter(
    (i) => Number.isFinite(truth[i]) && curves.every(({ losses }) => Number.isFinite(losses[i]))
  )
  const compared = both.map((i) => mixtures[i]!)
  const context = {
    randomSeed: results.study.randomSeed,
    mixtures: compared,
    resamples: new Map<string, never>()
  }
  const stratum = withinSize(compared)
  const y = Float64Array.from(both, (i) => truth[i]!)
  return curves.map(({ words, losses }) => {
    const x = Float64Array.from(both, (i) => losses[i]!)
    const { value } = measureStratum(context, stratum, x, y, null).spearman
    const about = results.study.sequential.budgets.length > 1 ? `${words}, ${budget}` : words
    const name = `ρ of ${proxy} ${about} (n = ${stratum.items.length})`
    return { words: about, value, number: measured(name, value) }
  })
}
