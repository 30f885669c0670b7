/** Mixtures that somebody asks for by hand, and the study that has them. Pure. */
import type { Prepared, Study } from '#shared/records'
import { addedMixtures } from './mixtures'
import type { StudyPlan } from './plan'
import { mixturesNamed } from './sequentialChoice'

/** By the name it has in the study, or by the weights of its members. */
export type MixtureRequest = string | Record<string, number>

/** The study asking about one mixture alone, none of it trained for real. */
export function studyOfOne(study: Study, weights: Record<string, number>): Study {
  return studyOfMixtures(study, [weights])
}

/** The study asking about some mixtures alone. */
export function studyOfMixtures(study: Study, list: Record<string, number>[]): Study {
  return {
    ...study,
    mixtures: { ...study.mixtures, choose: { kind: 'list', list }, added: [] },
    sequential: { ...study.sequential, choose: { kind: 'none' }, added: [], top: [], design: [] }
  }
}

/**
 * The study with mixtures besides its own; one that it has already is not added.
 *
 * @returns the study itself where nothing is new, and the names of what was asked for
 * @throws WorkbenchError `study/invalid` for a name that is not there, `study/missing-partition`,
 *   `study/invalid-weights`
 */
export function withMixtures(
  study: Study,
  prepared: Prepared,
  plan: StudyPlan,
  requests: readonly MixtureRequest[]
): { study: Study; names: string[] } {
  const units = prepared.partitions.flatMap((partition) => partition.baseUnits)
  const there = new Set(plan.mixtures.map(({ name }) => name))
  const added = [...study.mixtures.added]
  const names = requests.map((request) => {
    if (typeof request === 'string') return mixturesNamed([request], plan.mixtures)[0]!.name
    const [mixture] = addedMixtures({ ...study.mixtures, added: [request] }, units)
    if (!there.has(mixture!.name)) added.push(request)
    there.add(mixture!.name)
    return mixture!.name
  })
  if (added.length === study.mixtures.added.length) return { study, names }
  return { study: { ...study, mixtures: { ...study.mixtures, added } }, names }
}

/**
 * The study that also trains some of its mixtures; those that it trains anyway are not added.
 *
 * @param list why: picked by the user, or told by a search
 */
export function withSequential(
  study: Study,
  trained: readonly string[],
  names: readonly string[],
  list: 'added' | 'top' = 'added'
): Study {
  const fresh = [...new Set(names)].filter((name) => !trained.includes(name))
  if (fresh.length === 0) return study
  const listed = [...study.sequential[list], ...fresh]
  return { ...study, sequential: { ...study.sequential, [list]: listed } }
}
