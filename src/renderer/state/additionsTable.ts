/** Which mixtures a partition helps, in order. Pure. */
import type { AdditionPair, AdditionPairs } from '#shared/additionEffect'

/** Pairs whose change on one domain is known, the most helped first. */
export function sortedPairs(
  { domains, pairs }: AdditionPairs,
  way: 'changes' | 'trained',
  domain: string
): { pair: AdditionPair; change: number }[] {
  const place = domains.findIndex(({ name }) => name === domain)
  const known = pairs.flatMap((pair) => {
    const change = pair[way][place] ?? null
    return change === null ? [] : [{ pair, change }]
  })
  return known.sort((a, b) => a.change - b.change)
}
