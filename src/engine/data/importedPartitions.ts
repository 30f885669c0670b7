/** Partitions of which only models are there, trained elsewhere: base units without text. Pure. */
import type { ImportedModels } from '#shared/importedModels'
import type { BaseUnit, PreparedPartition, Study } from '#shared/records'
import { unitName } from './baseUnits'

/** Branches with the names of the base units that they stand for. */
export function namedBranches({
  branches
}: ImportedModels): { unit: string; model: ImportedModels['branches'][number] }[] {
  const places = new Map<string, number>()
  return branches.map((model) => {
    const place = places.get(model.partition) ?? 0
    places.set(model.partition, place + 1)
    return { unit: unitName(model.partition, place), model }
  })
}

/**
 * Partitions of which only models are there: base units without text.
 *
 * A unit is as long as its model was trained, where that is known.
 */
export function importedPartitions(models: ImportedModels, study: Study): PreparedPartition[] {
  const names = [...new Set(models.branches.map(({ partition }) => partition))].sort()
  const branches = namedBranches(models)
  return names.map((partition) => {
    const own = branches.filter(({ model }) => model.partition === partition)
    const tokens = own.reduce((sum, { model }) => sum + (model.tokens ?? 0), 0)
    const baseUnits = own.map(({ unit, model }) => ({
      name: unit,
      partition,
      fingerprint: model.fingerprint,
      tokens: '',
      firstSequence: 0,
      sequences: Math.max(1, Math.floor((model.tokens ?? 0) / study.model.contextLength))
    }))
    return { ...partitionWithoutText(partition, baseUnits), tokens }
  })
}

/** A partition whose text is not here: base units alone, and nothing to count. */
export function partitionWithoutText(name: string, baseUnits: BaseUnit[]): PreparedPartition {
  return {
    name,
    documents: 0,
    bytes: 0,
    tokens: 0,
    baseUnits,
    leftOverTokens: 0,
    heldOutDocuments: 0,
    heldOutBytes: 0,
    heldOutTokens: 0,
    duplicatesRemoved: 0,
    duplicateBytes: 0
  }
}
