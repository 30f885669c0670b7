/** What every base unit does to every domain, by its branch alone. Pure. */
import type { UnitChanges } from '#shared/unitChanges'
import { lossOn } from './evidence/scores'
import { chosenDocuments, indexModels } from './results'
import type { StudyResults } from './results'

/** Losses of branches less the seed's, nats per token over all documents of a domain. */
export function unitChanges(results: StudyResults): UnitChanges {
  const models = indexModels(results)
  const { domains, prepared } = results
  const documents = domains.map((domain) => chosenDocuments(domain, 'all'))
  const seed = domains.map((domain, d) => lossOn(models.seed, domain, documents[d]!))
  const units = prepared.partitions.flatMap(({ name, baseUnits }) =>
    baseUnits.map((unit) => ({ unit: unit.name, partition: name }))
  )
  return {
    domains: domains.map(({ name, kind }) => ({ name, kind })),
    units: units.map(({ unit, partition }) => ({
      unit,
      partition,
      changes: domains.map((domain, d) => {
        const change = lossOn(models.branch(unit), domain, documents[d]!) - seed[d]!
        return Number.isFinite(change) ? change : null
      })
    }))
  }
}
