/** What adding one partition does to each mixture, as text. */
import { EFFECTS_CAUTION } from '#shared/additionEffect'
import type { AdditionPair, AdditionPairs } from '#shared/additionEffect'
import { HEADLINE_DOMAIN } from '#shared/evidenceView'
import { formatNumber, textTable } from './format'

/**
 * The mixtures that it helps most and least on the mean over all domains, with every domain.
 *
 * @param limit how many of each end
 */
export function describeAddition(found: AdditionPairs, limit: number): string {
  const { added, proxy, budget, domains, pairs } = found
  if (pairs.length === 0) return 'No two measured mixtures differ by one partition alone.'
  const isAll = pairs.length <= 2 * limit
  const shown = isAll ? pairs : [...pairs.slice(0, limit), ...pairs.slice(-limit)]
  const heads = domains.map(({ name }) => (name === HEADLINE_DOMAIN ? 'mean of all' : name))
  const worth = ({ trained: [mean] }: AdditionPair) => mean ?? Infinity
  const trained = pairs
    .filter((pair) => pair.trained.some((one) => one !== null))
    .sort((a, b) => worth(a) - worth(b))
  const helped = pairs.filter(({ changes }) => (changes[0] ?? 0) < 0).length
  const table = (list: readonly AdditionPair[], of: (pair: AdditionPair) => (number | null)[]) =>
    textTable(
      ['mixture', ...heads],
      list.map((pair) => [pair.without, ...of(pair).map((one) => formatNumber(one, 3))])
    )
  return [
    `WHAT ADDING ${added} DOES to each of ${pairs.length} mixtures, in nats per token; below 0 it helps. By ${proxy ?? 'no proxy'}`,
    `it helps ${helped} of them on the mean over all domains.${isAll ? '' : ` Shown: the ${limit} that it helps most, and the ${limit} that it helps least.`}`,
    EFFECTS_CAUTION,
    '',
    table(shown, ({ changes }) => changes),
    ...(trained.length === 0
      ? ['', 'By training: no mixture is trained both with it and without it.']
      : [
          '',
          `By training (${budget} budget), where both mixtures are trained:`,
          '',
          table(trained, (pair) => pair.trained)
        ])
  ].join('\n')
}
