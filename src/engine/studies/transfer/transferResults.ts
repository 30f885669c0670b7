/** A smaller model's merges put in place of a larger one's, so that all evidence reads them. */
import { WorkbenchError } from '#shared/errors'
import type { Mixture } from '#shared/records'
import type { ModelResult, StudyResults } from '../results'

/**
 * The larger study's sequential models beside the smaller study's merges of the same mixtures.
 *
 * Mixtures are matched by name and must be made of the same text, domains by the text that is measured;
 * what only one of them has is left out. A mixture of one branch is evidence here: the smaller model's
 * branch is not the larger one's.
 *
 * @throws WorkbenchError `study/from-tables` for a study without text, `study/invalid` where base units
 *   differ in their text or no mixture or domain is in both
 */
export function transferResults(small: StudyResults, large: StudyResults): StudyResults {
  if (small.tables || large.tables) {
    throw new WorkbenchError(
      'study/from-tables',
      'A study made from tables does not say what text its mixtures are made of: transfer is between two studies of text.'
    )
  }
  const known = new Set(small.mixtures.map(({ name }) => name))
  const mixtures = large.mixtures.filter(({ name }) => known.has(name))
  if (mixtures.length === 0) throw nothingMatches(small, large, 'mixture')
  assertSameText(small, large, mixtures)
  const measured = new Map(small.domains.map((domain) => [domain.name, domain.fingerprint]))
  const domains = large.domains.filter((one) => measured.get(one.name) === one.fingerprint)
  if (domains.length === 0) throw nothingMatches(small, large, 'domain')

  const names = new Set(mixtures.map(({ name }) => name))
  const isOf = ({ mixture }: ModelResult) => mixture !== null && names.has(mixture)
  const branches = new Map(
    large.models.filter(({ role }) => role === 'branch').map((branch) => [branch.name, branch])
  )
  // Of one base unit the larger study's branch is its sequential model with the sum budget.
  const hasSum = large.study.sequential.budgets.includes('sum')
  const single = mixtures.flatMap(({ name, units }): ModelResult[] => {
    const branch = hasSum && units.length === 1 ? branches.get(units[0]!.unit) : undefined
    return branch ? [{ ...branch, role: 'sequential', name, mixture: name, budget: 'sum' }] : []
  })
  return {
    ...large,
    hasOtherTruth: true,
    study: { ...large.study, merges: small.study.merges },
    mixtures,
    sequentialMixtures: [
      ...new Set([
        ...large.sequentialMixtures.filter((name) => names.has(name)),
        ...single.map(({ name }) => name)
      ])
    ],
    domains,
    models: [
      ...large.models.filter(({ role }) => role === 'seed'),
      ...small.models.filter(({ role }) => role === 'branch'),
      ...small.models.filter((one) => ['merge', 'ensemble'].includes(one.role) && isOf(one)),
      ...single,
      ...large.models.filter((one) => one.role === 'sequential' && isOf(one))
    ]
  }
}

function nothingMatches(small: StudyResults, large: StudyResults, what: 'mixture' | 'domain') {
  const [a, b] = [small.study.name, large.study.name]
  const why =
    what === 'mixture'
      ? 'Mixtures are matched by name: choose the same partitions and mixtures in both'
      : 'Domains are matched by the text that is measured: hold out the same and measure as much of it'
  return new WorkbenchError('study/invalid', `No ${what} is in both "${a}" and "${b}". ${why}.`, {
    small: a,
    large: b
  })
}

/** Names stand for text only where their base units were cut from the same. */
function assertSameText(small: StudyResults, large: StudyResults, mixtures: Mixture[]): void {
  const textOf = ({ prepared }: StudyResults) =>
    new Map(
      prepared.partitions.flatMap(({ baseUnits }) =>
        baseUnits.map((unit) => [unit.name, unit.fingerprint])
      )
    )
  const [ofSmall, ofLarge] = [textOf(small), textOf(large)]
  const own = new Set(mixtures.flatMap(({ units }) => units.map(({ unit }) => unit)))
  const unitsOf = ({ mixtures: all }: StudyResults) =>
    new Map(all.map(({ name, units }) => [name, units.map(({ unit }) => unit).join()]))
  const [unitsOfSmall, unitsOfLarge] = [unitsOf(small), unitsOf(large)]
  const differing = [
    ...[...own].filter((unit) => ofSmall.get(unit) !== ofLarge.get(unit)),
    ...mixtures
      .filter(({ name }) => unitsOfSmall.get(name) !== unitsOfLarge.get(name))
      .map(({ name }) => name)
  ]
  if (differing.length === 0) return
  throw new WorkbenchError(
    'study/invalid',
    `"${small.study.name}" and "${large.study.name}" do not hold the same text in ${differing.join(', ')}: what one says of it tells nothing of the other. Both need the same tokenizer, base units and random seed.`,
    { differing }
  )
}
