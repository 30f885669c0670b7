/** Prepared text as records only, for what plans and computes without reading any. */
import { StudySchema } from '#shared/records'
import type { BaseUnit, Prepared, Study, StudyDraft } from '#shared/records'

/** Units of partitions, named and numbered as preparation does: `{ law: 2 }` has `law#1`, `law#2`. */
export function baseUnits(unitsPerPartition: Record<string, number>, sequences = 100): BaseUnit[] {
  return Object.entries(unitsPerPartition).flatMap(([partition, count]) =>
    Array.from({ length: count }, (_, index) => ({
      name: `${partition}#${index + 1}`,
      partition,
      fingerprint: `unit-${partition}-${index + 1}`,
      tokens: `tokens-${partition}`,
      firstSequence: index * sequences,
      sequences
    }))
  )
}

/** What preparation would have returned for such units, with one in-domain each and one outside. */
export function preparedText(unitsPerPartition: Record<string, number>, sequences = 100): Prepared {
  const domain = (name: string, kind: 'in' | 'out', partition?: string) => ({
    name,
    kind,
    ...(partition ? { partition } : {}),
    fingerprint: `domain-${name}`,
    documents: 10,
    tokens: 1000,
    bytes: 4000,
    overlapping: 0,
    duplicatesRemoved: 0
  })
  const ledger = (name: string, units: BaseUnit[]) => ({
    name,
    documents: 10,
    bytes: 4000,
    tokens: units.length * sequences * 16,
    baseUnits: units,
    leftOverTokens: 0,
    heldOutDocuments: 1,
    heldOutBytes: 10,
    heldOutTokens: 3,
    duplicatesRemoved: 0,
    duplicateBytes: 0
  })
  const names = Object.keys(unitsPerPartition)
  return {
    tokenizer: { fingerprint: 'tokenizer', vocabularySize: 300, endOfTextId: 0 },
    partitions: names.map((name) =>
      ledger(
        name,
        baseUnits(unitsPerPartition, sequences).filter((unit) => unit.partition === name)
      )
    ),
    seed: ledger('seed', [
      {
        name: 'seed#1',
        partition: 'seed',
        fingerprint: 'unit-seed',
        tokens: 'tokens-seed',
        firstSequence: 0,
        sequences: 1000
      }
    ]),
    domains: [...names.map((name) => domain(name, 'in', name)), domain('fiction', 'out')],
    overlaps: []
  }
}

/** A small valid study; every field may be replaced. */
export function smallStudy(change: Partial<StudyDraft> = {}): Study {
  const recipe = { batchSize: 4, peakLearningRate: 1e-3, schedule: 'constant' as const }
  return StudySchema.parse({
    version: 1,
    name: 'small',
    tokenizer: { kind: 'train', vocabularySize: 300 },
    model: {
      hiddenSize: 16,
      hiddenLayers: 2,
      attentionHeads: 2,
      keyValueHeads: 2,
      intermediateSize: 32,
      contextLength: 16
    },
    seed: { source: 'text', corpus: 'seed', tokenBudget: 16 * 200, recipe },
    branch: recipe,
    unit: { sequences: 100 },
    mixtures: { over: 'partitions', choose: { kind: 'all' } },
    sequential: { choose: { kind: 'all' } },
    ...change
  } satisfies StudyDraft)
}
