/** Noise between random seeds in words. */
import type { Noise } from '#shared/evidenceView'
import { correlation } from '#shared/numberWords'

/** A standard deviation with its 95 % interval, nats per token. */
export function deviationWords({ deviation, interval }: NonNullable<Noise['ofProxy']>): string {
  const four = (value: number) => value.toFixed(4)
  if (!interval) return four(deviation)
  return `${four(deviation)} [${four(interval.low)} … ${four(interval.high)}]`
}

/** ρ with the same sequential models, one per random seed. */
export function otherSeedsWords({ otherSeeds }: Noise): string {
  const known = otherSeeds.flatMap(({ spearman }) => (spearman === null ? [] : [spearman]))
  return known.length === 0 ? '—' : known.map(correlation).join(', ')
}
