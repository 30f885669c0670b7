/** What a study would ask for before it is saved, or its text prepared. Pure. */
import type { BaseUnit, Prepared, Study } from '#shared/records'
import type { StoredText, StoredTexts } from '#shared/storedText'
import { unitName } from '#engine/data/baseUnits'
import { unitsOf } from '#engine/data/browse/fates'
import { shuffledName } from '#engine/data/shuffledPartitions'
import type { PlannedText } from './plan'
import { cutParts } from './unitParts'

/**
 * Text as a plan reads it, from what is known of it before it is prepared: where its tokens are
 * counted, the base units that they give; else every partition is taken for one.
 *
 * @param earlier as it was prepared before the last imports: those units stay what they are. Random
 *   partitions are all others then
 * @throws WorkbenchError `partition/too-small`
 */
export function foreseenText(
  study: Study,
  { texts }: StoredTexts,
  earlier: Prepared | null = null
): { text: PlannedText; isExact: boolean } {
  const used = texts.filter(({ isUsed }) => isUsed)
  const training = used.filter(({ role }) => role === 'training')
  const seed = used.find(({ role }) => role === 'seed')
  const known = study.shuffledPartitions === true ? null : earlier
  const withUnitsThere = (units: BaseUnit[]) => {
    const cut = cutParts(units, study.unit.parts)
    const there = known?.partitions.find((one) => one.name === units[0]?.partition)?.baseUnits ?? []
    return [...there, ...cut.slice(there.length)]
  }
  const vocabularySize = study.tokenizer.kind === 'train' ? study.tokenizer.vocabularySize : 0
  return {
    text: {
      tokenizer: known?.tokenizer ?? { fingerprint: '', vocabularySize, endOfTextId: 0 },
      partitions: named(
        training.map((one) => foreseenUnits(one, study)),
        study
      ).map((units) => ({
        baseUnits: withUnitsThere(units)
      })),
      seed: seed ? { baseUnits: known?.seed?.baseUnits ?? foreseenUnits(seed, study) } : null
    },
    isExact: [...training, ...(seed ? [seed] : [])].every(({ training: of }) => of.tokens !== null)
  }
}

/** Units under the names of random partitions, where the study has those. */
function named(partitions: BaseUnit[][], { shuffledPartitions }: Study): BaseUnit[][] {
  if (shuffledPartitions !== true) return partitions
  const own = partitions
    .filter((units) => units.length > 0)
    .sort((a, b) => (a[0]!.partition < b[0]!.partition ? -1 : 1))
  return own.map((units, place) => {
    const partition = shuffledName(place)
    return units.map((unit, index) => {
      const name = unitName(partition, index)
      return { ...unit, name, partition, fingerprint: name }
    })
  })
}

/** Units without a fingerprint of their own: what is planned with them is never trained. */
function foreseenUnits(text: StoredText, study: Study): BaseUnit[] {
  const { tokens } = text.training
  const asked =
    study.seed.source === 'text' && text.role === 'seed'
      ? Math.ceil(study.seed.tokenBudget / study.model.contextLength)
      : study.unit.sequences
  const units = tokens === null ? [asked] : unitsOf(text, tokens, study)
  return units.map((sequences, index) => {
    const name = unitName(text.name, index)
    const partition = text.name
    return { name, partition, fingerprint: name, tokens: '', firstSequence: 0, sequences }
  })
}
