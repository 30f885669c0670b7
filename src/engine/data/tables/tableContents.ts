/** What imported tables have of which mixtures and domains. Pure. */
import { TABLE_PROXIES } from '#shared/importedTables'
import type { ImportedTables, TableProxy } from '#shared/importedTables'

type Model = ImportedTables['models'][number]

/** Whether a model has a loss on a domain, by the domain's place. */
export function isMeasured({ losses }: Model, domain: number): boolean {
  return losses[domain]!.some((loss) => loss !== null)
}

/**
 * Places of the domains on which every role has a value: a mean over others would never be there
 * for all. All of them where no domain is shared.
 */
export function domainsOfAllRoles({ models, domains }: ImportedTables): number[] {
  const places = [...domains.keys()]
  const roles = new Set(models.map(({ role }) => role).filter((role) => role !== 'seed'))
  const shared = places.filter((d) =>
    [...roles].every((role) => models.some((one) => one.role === role && isMeasured(one, d)))
  )
  return shared.length > 0 ? shared : places
}

/** The proxies that tables hold, each with how many mixtures it has and how many of them a truth. */
export function countPairs({
  models
}: Pick<ImportedTables, 'models'>): { proxy: TableProxy; mixtures: number; pairs: number }[] {
  const truths = models.filter(({ role }) => role === 'sequential')
  const trained = new Map(truths.map((model) => [model.mixture, model]))
  return TABLE_PROXIES.flatMap((proxy) => {
    const own = models.filter(({ role }) => role === proxy)
    if (own.length === 0) return []
    const paired = own.filter((model) => {
      const truth = trained.get(model.mixture)
      return truth?.losses.some((_, d) => isMeasured(truth, d) && isMeasured(model, d)) ?? false
    })
    return [{ proxy, mixtures: own.length, pairs: paired.length }]
  })
}
