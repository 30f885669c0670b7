/** What every word of the report means; proxies only where the study has them. */
import type { DocumentChoice } from '../results'
import type { ReportContents } from './contents'
import { factsOf, section } from './markup'
import type { Piece } from './markup'

const MEASURES: [string, string][] = [
  ['Loss', 'Mean of the nats per predicted token: every document by itself, pooled over tokens.'],
  ['Perplexity', 'exp(loss). Lower is better.'],
  [
    'Mean over domains',
    'Each domain counts the same. mean-in: domains held out of training partitions; mean-out: out-of-domain ones; mean-all: all, those like the seed’s text too. Of perplexities; with -log of their logs, which are nats per token. A mean with a domain missing is not written.'
  ],
  ['Mixture', 'Base units chosen with weights: a candidate for training data.'],
  [
    'Size',
    'Number of members of a mixture: partitions, or base units where mixtures are over units.'
  ],
  [
    'Base unit',
    'A part of a partition of exactly the agreed number of sequences: what one branch trains on.'
  ],
  ['Branch', 'A model trained from the seed on one base unit.'],
  [
    'Sequential model',
    'One model trained from the seed on the whole mixture: the truth that a proxy is held against. Truth budget sum: the sum of its units’ budgets; fixed: the same for every mixture.'
  ],
  ['Proxy', 'A number read in place of the sequential model’s.'],
  [
    'Evidence',
    'Pairs of proxy and truth. Mixtures of one unit whose sequential model is their merge agree whatever merging is worth, and are left out.'
  ],
  [
    'Within sizes',
    'Mixtures are compared with those of their own size only. r is of values less the mean of their size, ρ of ranks inside a size less their mean, τ counts pairs inside a size. Stratum within: also the same presence of the domain’s partition. Stratum all: sizes mixed, where size alone explains much.'
  ],
  [
    'r, ρ, τ',
    'Pearson’s r; Spearman’s ρ; Kendall’s τ-b. With fewer than four comparable mixtures there is no number.'
  ],
  [
    '95 % over mixtures',
    'Bootstrap over mixtures, 2,000 resamples, each size keeping its number. BCa for agreement, percentiles for the comparison.'
  ],
  [
    '95 % over documents',
    'Percentiles of 2,000 resamples of the held-out documents, alike for every model.'
  ],
  [
    'One partition left out',
    'Smallest and largest value when all mixtures that hold one partition are left out, one partition at a time. Mixtures share partitions and are no independent draws: read the wider interval.'
  ],
  [
    'p',
    'Two-sided, by relabelling partitions on the proxy’s side: the share of orders at least as far from zero. Smallest p: what so few partitions can give at best. Not corrected for looking at many rows.'
  ],
  [
    'Accuracy',
    'Share of pairs of one size that the proxy orders as training does; guessing gives 0.5.'
  ],
  [
    'Accuracy less the reference’s',
    'Less that of merge-micro (of tables without it, their first proxy) on the mixtures both speak of, resampled as pairs.'
  ],
  [
    'Top quarter',
    'Share of the truly best quarter of a size that is among the best quarter by the proxy.'
  ],
  [
    'ρ in the proxy’s top quarter',
    'ρ within sizes among the quarter of each size, rounded up, that the proxy puts first: where choices are made. No number below four comparable mixtures.'
  ],
  [
    'Regret',
    'What choosing by the proxy cost: loss of the mixture it puts first less the least, mean over sizes, in nats per token; of range: as a share of what there was to lose.'
  ],
  [
    'Slope, offset',
    'Calibration: slope of the sequential loss on the proxy’s within sizes; mean of the sequential loss less the proxy’s.'
  ],
  [
    'Offset by size, levelled',
    'Truth less proxy, learned from trained mixtures as intercept + slope · ln partitions + slope · ln branches merged (with the sum budget ln tokens too), slopes held small by ridge; levelled: the proxy with it. It is used where mixtures left out one at a time have an error at least a tenth lower and more pairs of different sizes are ordered as training orders them.'
  ],
  [
    'Overlapping document',
    'A held-out document of which over half of the 13-grams of words stand in training text; others are clean.'
  ]
]

const PROXIES: Record<string, string> = {
  'merge-micro':
    'Parameters averaged over the mixture’s branches, every base unit counting the same.',
  'merge-macro': 'The same, every partition counting the same.',
  ensemble:
    'The branches’ token probabilities averaged, weighted as merge-micro; no model is made.',
  'branch-mean': 'Mean of the branches’ own perplexities.',
  'branch-mean-log': 'The same of their logs.',
  'best-branch': 'Perplexity of the branch that is best on the domain.',
  proxy: 'What the tables gave under no other name.',
  linear: 'Regression on shares: least squares, each mixture judged by a fit without it.',
  ridge: 'Regression on shares: least squares with small coefficients preferred.',
  'mixing-law': 'Regression on shares: floor + scale · exp(Σ exponent · share).',
  'boosted-trees': 'Regression on shares: many small decision trees.',
  'linear-merged':
    'Regression on shares fitted on merges instead, which are free. It sees no sequential model, so that nothing need be left out.',
  'ridge-merged': 'The same with small coefficients preferred.',
  'mixing-law-merged': 'The same as floor + scale · exp(Σ exponent · share).',
  'boosted-trees-merged': 'The same by many small decision trees.',
  count:
    'Number of units of the mixture: a baseline that knows nothing else. Where proxies are compared, more of it stands for a lower loss.',
  share: 'Share of the domain’s partition in the mixture: a baseline, turned as count is.',
  overlap:
    'Share of the domain’s distinct 13-grams of words that the mixture’s partitions hold, each by its share of the tokens: a baseline, turned as count is.'
}

const BETWEEN =
  'The same, between micro and macro: each partition counts by the τ-th power of its base units in the mixture.'

const DOCUMENTS: Record<DocumentChoice, string> = {
  all: 'All held-out documents.',
  clean: 'Held-out documents that training text does not overlap.',
  choose: 'The choose half of the held-out documents.',
  confirm: 'The confirm half of the held-out documents.'
}

/** Words that a study made from tables has nothing for. */
const OF_TEXT = ['Base unit', 'Branch', 'Evidence', '95 % over documents', 'Overlapping document']

/** Definitions, in the order in which the report uses them. */
export function definitionsSection({ results, evidence }: ReportContents): Piece {
  const proxies = [...new Set(evidence.comparison.map(({ proxy }) => proxy as string))]
  return section(
    'definitions',
    'Definitions',
    factsOf([
      ...MEASURES.filter(([name]) => !results.tables || !OF_TEXT.includes(name)),
      ...(results.tables ? [] : [['Documents', DOCUMENTS[evidence.documents]] as const]),
      ...proxies.flatMap((name) => {
        const meaning = PROXIES[name] ?? (name.startsWith('merge-tau-') ? BETWEEN : null)
        return meaning ? [[name, meaning] as const] : []
      })
    ])
  )
}
