/** Which mixtures of a study are also trained for real: by its choice, and as the user picked. */
import { WorkbenchError } from '#shared/errors'
import type { Mixture, SequentialChoice } from '#shared/records'
import { fingerprintOf } from '#engine/storage/fingerprint'
import { bySizeThenName, shortName } from './mixtures'
import { byCodeUnit, firstByHash, spreadOver } from './subsets'

/** What is known of mixtures before some of them are chosen to be trained. */
export interface KnownOfMixtures {
  /** True where the sequential model is a branch: it says nothing of how well branches merge. */
  isBranch: (mixture: Mixture) => boolean
  /** True where it was drawn and trained before: it stays. */
  isTrained: (mixture: Mixture) => boolean
  /** True where it was added to the study by hand: it is neither drawn nor one of all. */
  isAdded: (mixture: Mixture) => boolean
}

const NOTHING_KNOWN: KnownOfMixtures = {
  isBranch: () => false,
  isTrained: () => false,
  isAdded: () => false
}

/**
 * Chooses by `choose` which mixtures are also trained sequentially, in the order of `mixtures`.
 *
 * Drawn at random, those trained before stay and count. The others are spread over sizes as evenly
 * as can be, and inside a size ordered by a hash of seed and name: asking for more only adds, and
 * training some changes nothing. Where fewer exist, all are taken. Mixtures that are their branch
 * are not drawn.
 *
 * @param choice the study's `sequential`
 * @param mixtures the study's mixtures
 * @param randomSeed the study's
 * @param known what `all` and random draws leave out or keep
 * @throws WorkbenchError `study/invalid` for a listed mixture that is not one of the study's
 */
export function chooseSequential(
  choice: SequentialChoice,
  mixtures: Mixture[],
  randomSeed: number,
  known: KnownOfMixtures = NOTHING_KNOWN
): Mixture[] {
  const { choose } = choice
  switch (choose.kind) {
    case 'all':
      return mixtures.filter((mixture) => !known.isAdded(mixture))
    case 'none':
      return []
    case 'list':
      return mixturesNamed(choose.mixtures, mixtures)
    case 'random': {
      const open = mixtures.filter((mixture) => !known.isBranch(mixture) && !known.isAdded(mixture))
      const trained = new Set(open.filter(known.isTrained))
      const sizes = [...new Set(open.map((mixture) => mixture.members.length))]
      const groups = sizes.map((size) => open.filter((one) => one.members.length === size))
      const isTrained = (mixture: Mixture) => trained.has(mixture)
      const kept = spreadOver(
        groups.map((group) => group.filter(isTrained).length),
        choose.count
      )
      const shares = spreadOver(
        groups.map((group) => group.length),
        choose.count,
        kept
      )
      return groups
        .flatMap((group, i) => firstByHash(group, shares[i]!, randomSeed, isTrained))
        .sort(bySizeThenName)
    }
  }
}

/**
 * The mixtures that were picked to be trained besides those of the choice.
 *
 * @param names the study's `sequential.added` or `sequential.top`
 * @param chosen what is trained anyway: not picked once more
 * @throws WorkbenchError `study/invalid` for one that is not one of the study's
 */
export function pickedMixtures(
  names: readonly string[],
  mixtures: Mixture[],
  chosen: readonly Mixture[]
): Mixture[] {
  if (names.length === 0) return []
  const there = new Set(chosen.map(({ name }) => name))
  return mixturesNamed(names, mixtures).filter(({ name }) => !there.has(name))
}

/**
 * The mixtures that are trained since they tell most, besides those of the choice and the user's;
 * in the order in which they were proposed.
 *
 * @param others what is trained for another reason
 * @throws WorkbenchError `study/invalid` for one that is not one of the study's
 */
export function designedMixtures(
  choice: SequentialChoice,
  mixtures: Mixture[],
  others: readonly Mixture[]
): Mixture[] {
  if (choice.design.length === 0) return []
  const there = new Set(others.map(({ name }) => name))
  const designed = choice.design.flatMap((name) => mixturesNamed([name], mixtures))
  return [...new Set(designed)].filter(({ name }) => !there.has(name))
}

/**
 * The mixtures that are trained again under other random seeds: the first of the order of training,
 * those of before ahead of it, since training more or adding a partition moves others to its front.
 *
 * @param mixtures chosen to be trained, in the order of training
 */
export function repeatedMixtures(
  mixtures: readonly Mixture[],
  count: number,
  known: Pick<KnownOfMixtures, 'isBranch'> & { isRepeated: (mixture: Mixture) => boolean }
): Mixture[] {
  if (count === 0) return []
  const open = mixtures.filter((mixture) => !known.isBranch(mixture))
  const before = new Set(open.filter(known.isRepeated))
  return [...before, ...open.filter((mixture) => !before.has(mixture))].slice(0, count)
}

/**
 * Finds mixtures by name, members in any order; a long name's hash or the name itself.
 *
 * @throws WorkbenchError `study/invalid` naming those that are not there
 */
export function mixturesNamed(names: readonly string[], mixtures: Mixture[]): Mixture[] {
  const known = new Set(mixtures.map((mixture) => mixture.name))
  const wanted = names.map((name) => {
    return known.has(name) ? name : shortName(name.split('+').sort(byCodeUnit).join('+'))
  })
  const strangers = names.filter((_, i) => !known.has(wanted[i]!))
  if (strangers.length > 0) {
    const some = mixtures.slice(0, 10).map((mixture) => mixture.name)
    throw new WorkbenchError(
      'study/invalid',
      `Asked for is ${strangers.join(', ')}, which is not one of the study's ${String(mixtures.length)} mixtures (${some.join(', ')}${mixtures.length > 10 ? ', …' : ''}). Add it to "mixtures" or correct the name.`,
      { missing: strangers, mixtures: some }
    )
  }
  const chosen = new Set(wanted)
  return mixtures.filter((mixture) => chosen.has(mixture.name))
}

/** Mixtures in the order of training: any beginning of the list covers all sizes alike. */
export function spreadOverSizes(mixtures: readonly Mixture[], randomSeed: number): Mixture[] {
  const bySize = new Map<number, Mixture[]>()
  const ranked = mixtures.map((mixture) => {
    return { mixture, rank: fingerprintOf({ randomSeed, mixture: mixture.name }) }
  })
  for (const { mixture } of ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1))) {
    const size = mixture.members.length
    const queue = bySize.get(size)
    if (queue) queue.push(mixture)
    else bySize.set(size, [mixture])
  }
  const queues = [...bySize.entries()].sort(([a], [b]) => a - b).map(([, queue]) => queue)
  // Every size advances by its share, so that any beginning of the list covers all sizes.
  return queues
    .flatMap((queue) =>
      queue.map((mixture, index) => ({ mixture, position: (index + 0.5) / queue.length }))
    )
    .sort((a, b) => a.position - b.position)
    .map(({ mixture }) => mixture)
}
