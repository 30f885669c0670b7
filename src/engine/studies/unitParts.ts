/** Base units cut into interleaved parts: smaller branches, the same text. Pure. */
import { WorkbenchError } from '#shared/errors'
import type { BaseUnit, Prepared, Study } from '#shared/records'
import { fingerprintOf } from '#engine/storage/fingerprint'

/** Sequences of one part of so many: they differ by one at most and sum to the whole. */
export function partSequences(sequences: number, place: number, parts: number): number {
  return Math.floor((sequences - place - 1) / parts) + 1
}

/**
 * Cuts each unit into parts that take turns: part i has the sequences i, i + n, i + 2n, …, so that
 * an order of the text by time or place is in all of them alike.
 *
 * Text is cut where it is read and not stored again: the same tokens serve every number of parts.
 *
 * @param parts 1 gives the units themselves
 * @throws WorkbenchError `partition/too-small` for a unit with fewer sequences than parts
 * @see Na et al. 2024: sub-parts at a constant number of tokens
 */
export function cutParts(units: readonly BaseUnit[], parts: number): BaseUnit[] {
  if (parts === 1) return [...units]
  return units.flatMap((unit) => {
    const { name, fingerprint, firstSequence, sequences } = unit
    if (sequences < parts) {
      throw new WorkbenchError(
        'partition/too-small',
        `Base unit ${name} holds ${sequences} sequences, which cannot be cut into ${parts} parts. Lower "unit.parts".`,
        { unit: name, sequences, parts }
      )
    }
    return Array.from({ length: parts }, (_, place) => ({
      ...unit,
      name: `${name}.${place + 1}`,
      fingerprint: fingerprintOf({ unit: fingerprint, place, parts }),
      firstSequence: firstSequence + place,
      sequences: partSequences(sequences, place, parts),
      stride: parts,
      partOf: { name, fingerprint, firstSequence, sequences, place, parts }
    }))
  })
}

/** The unit that a part is cut from; of a whole one itself. */
export function wholeUnit(unit: BaseUnit): BaseUnit {
  if (!unit.partOf) return unit
  const { stride: _stride, partOf, ...rest } = unit
  const { name, fingerprint, firstSequence, sequences } = partOf
  return { ...rest, name, fingerprint, firstSequence, sequences }
}

/** Prepared text with its training units cut as the study wants its branches. */
export function withParts(prepared: Prepared, { unit }: Study): Prepared {
  if (unit.parts === 1) return prepared
  return {
    ...prepared,
    partitions: prepared.partitions.map((one) => ({
      ...one,
      baseUnits: cutParts(one.baseUnits, unit.parts)
    }))
  }
}
