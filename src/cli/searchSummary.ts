/** A search's result as text: the best mixtures, what they are held against, what to train. */
import type { SearchedMixtures } from '#engine'
import { widerInterval } from '#shared/evidenceView'
import { formatCount, formatNumber, textTable } from './format'

/** Domains with columns of their own at most; all are in the JSON. */
const MOST_COLUMNS = 6

const WHY = {
  best: 'among the best',
  worst: 'the worst of its size: should come out well behind the best',
  unlike: 'in the best quarter, with least in common with the best'
}

const FLAGS = {
  atMost: '--at-most',
  atLeast: '--at-least',
  noMore: '--share-at-most',
  sizes: '--sizes',
  tokens: '--tokens',
  repeat: '--repeat'
}

type Found = SearchedMixtures['best'][number]

/** All that `assay search` prints. */
export function describeSearch(found: SearchedMixtures): string {
  const { over, subsets, allowed, tokens, tokensRead, target, best, verify } = found
  const read =
    tokensRead < tokens
      ? `a sample of ${formatCount(tokensRead)} of ${formatCount(tokens)} tokens, the best of them scored again on all`
      : `all ${formatCount(tokens)} tokens`
  const columns = Object.keys(best[0]!.domains).slice(0, MOST_COLUMNS)
  const left = Object.keys(best[0]!.domains).length - columns.length
  const merged = new Map(found.rescored.map((one) => [one.mixture, one.target]))
  const row = (name: string, one: Found) => [
    name,
    over === 'weights' && !one.mixture.startsWith('m:') ? one.mixture : sharesOf(one),
    formatNumber(one.target.choose, 4),
    formatNumber(one.target.confirm, 4),
    ...columns.map((domain) => formatNumber(one.domains[domain]!.confirm, 3)),
    ...(found.second ? [formatNumber(one.second?.confirm ?? null, 4)] : []),
    ...(found.rescored.length > 0
      ? [formatNumber(merged.get(one.mixture)?.confirm ?? null, 4)]
      : []),
    one.breaks.map((constraint) => FLAGS[constraint]).join(' ')
  ]
  return [
    'THE BEST MIXTURES by the ensemble of their branches: token probabilities averaged, no model trained or merged.',
    `Target: ${targetOf(target)}. Losses in nats per token. choose: the half of the documents that was searched on;`,
    'confirm, and the domains: the half that was not, which is the number to quote.',
    `${formatCount(allowed)} of ${formatCount(subsets)} subsets ${over === 'weights' ? 'could bear weights that keep' : 'keep'} to the constraints; searched on ${read}.`,
    '',
    textTable(
      [
        '',
        'mixture',
        'choose',
        'confirm',
        ...columns,
        ...(found.second ? ['second'] : []),
        ...(found.rescored.length > 0 ? ['merge'] : []),
        'does not keep to'
      ],
      [
        ...best.map((one, i) => row(String(i + 1), one)),
        row('proportional', found.proportional),
        row('uniform', found.uniform)
      ]
    ),
    ...(left > 0 ? [`… and ${left} more domains: --json`] : []),
    'proportional: all partitions, each with as much as it has; uniform: all, each the same. Mixtures of different',
    'size stand together: that a larger one may be trained on more tokens, no ensemble knows.',
    '',
    ...describeFront(found),
    'TRAIN THESE to see whether it is right (sequential.top of the study; those that it does not have go to mixtures.added first)',
    textTable(
      ['mixture', 'choose', 'why'],
      verify.map((one) => [one.mixture, formatNumber(one.target.choose, 4), WHY[one.why]])
    ),
    '',
    describeBelief(found)
  ].join('\n')
}

/** What can be had of both targets, where a second was asked about. */
function describeFront({ front, second }: SearchedMixtures): string[] {
  if (second === null) return []
  return [
    `TWO TARGETS, the second ${targetOf(second)}: no mixture is better in one of them and no worse in the other`,
    textTable(
      ['mixture', 'first: choose', 'confirm', 'second: choose', 'confirm'],
      front.map((one) => [
        sharesOf(one),
        ...[one.target.choose, one.target.confirm].map((loss) => formatNumber(loss, 4)),
        ...[one.second!.choose, one.second!.confirm].map((loss) => formatNumber(loss, 4))
      ])
    ),
    ''
  ]
}

function sharesOf({ mixture, shares }: Found): string {
  if (!mixture.startsWith('m:')) return mixture
  return Object.entries(shares)
    .map(([name, share]) => `${name} ${formatNumber(share, 2)}`)
    .join(', ')
}

function targetOf(target: Record<string, number>): string {
  const entries = Object.entries(target)
  const isPlain = entries.every(([, weight]) => weight === entries[0]![1])
  if (isPlain && entries.length > MOST_COLUMNS) return `mean loss of ${entries.length} domains`
  if (isPlain && entries.length > 1)
    return `mean loss of ${entries.map(([name]) => name).join(', ')}`
  return entries.map(([name, weight]) => `${formatNumber(weight, 2)} × ${name}`).join(' + ')
}

/** What is known of the proxy's word, which is all that a search has. */
function describeBelief({ believed, lacksEnsembles }: SearchedMixtures): string {
  const caution =
    'A search finds what is best by the proxy, and so the mixtures that it flatters most: they may do worse in training than they should.'
  if (lacksEnsembles) {
    return `How far to believe it is not known: mixtures are trained, but the study's ensembles are not measured. Run the study (assay run), then search again. ${caution}`
  }
  if (believed.length === 0) {
    return `How far to believe it is not known: no mixtures are trained that could tell. ${caution}`
  }
  const lines = believed.map(({ budget, n, accuracy, regret }) => {
    const interval = widerInterval(accuracy)
    const range = interval
      ? ` (${formatNumber(interval.low, 2)} … ${formatNumber(interval.high, 2)})`
      : ''
    return accuracy.value === null
      ? `Budget ${budget}: ${n} trained mixtures are too few to tell how often the ensemble orders two as training does.`
      : `Budget ${budget}: of pairs of one size among ${n} trained mixtures, the ensemble orders ${formatNumber(100 * accuracy.value, 0)} % as training does${range};` +
          ` choosing by it cost ${formatNumber(regret.value, 3)} nats per token. That is on the mean over all domains, whatever the target here.`
  })
  return [...lines, caution].join('\n')
}
