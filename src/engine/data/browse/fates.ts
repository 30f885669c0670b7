/** What becomes of each document, as a list shows it: also which base unit it begins in. */
import type { Study } from '#shared/records'
import type { WorkbenchError } from '#shared/errors'
import type { Fate } from '#shared/storedText'
import { DUPLICATE, HELD_OUT } from '../allotment'
import { planUnits, sequencesIn, unitName } from '../baseUnits'
import type { TokenStream } from '../tokenStream'
import type { TokenCounts } from './documentTokens'
import type { OpenText } from './openTexts'

/** Fates of a text's documents, part by part. */
export interface DocumentFates {
  of(part: number, document: number): Fate
  /** The base unit that a document begins in; null when in none, or not known. */
  unitOf(part: number, document: number): string | null
}

/**
 * Sequences of each base unit of a text; the seed's text is one unit of its token budget.
 *
 * @throws WorkbenchError `partition/too-small`
 */
export function unitsOf(
  text: Pick<OpenText, 'role' | 'name'>,
  tokens: number,
  study: Study
): number[] {
  const { contextLength } = study.model
  if (text.role === 'training') return planUnits(text.name, tokens, contextLength, study.unit)
  if (study.seed.source !== 'text') return []
  const wanted = Math.ceil(study.seed.tokenBudget / contextLength)
  const sequences = Math.min(sequencesIn(tokens, contextLength), wanted)
  return sequences === 0 ? [] : [sequences]
}

/**
 * Reads fates off the allotment; documents beyond the last base unit are told apart once the text
 * is tokenised and its tokens are counted.
 */
export function documentFates(
  text: OpenText,
  study: Study,
  stream: TokenStream | null,
  counts: TokenCounts | null
): DocumentFates {
  const { parts, choices } = text.group
  const units = parts.map(({ stored }) => new Int32Array(stored.documents).fill(-2))
  // Units of random partitions are cut from a stream of all texts: they tell nothing of this one's.
  const isCut = text.role !== 'training' || study.shuffledPartitions !== true
  if (isCut && text.ordered && stream && counts) {
    const ends = unitEnds(text, stream.tokens, study)
    let at = 0
    let unit = 0
    for (const { choice, position } of text.ordered.order) {
      const document = choices[choice]!.documents[position]!
      while (unit < ends.length && at >= ends[unit]!) unit += 1
      units[choice]![document] = unit < ends.length ? unit : -1
      at += counts[choice]![document]! + 1
    }
  }
  return {
    of: (part, document) => {
      const fate = parts[part]!.fates[document]
      if (fate === DUPLICATE) return 'duplicate'
      if (!text.isUsed) return 'unused'
      if (fate === HELD_OUT) return 'heldOut'
      return units[part]![document] === -1 ? 'leftOver' : 'training'
    },
    unitOf: (part, document) => {
      const unit = units[part]![document]!
      return unit < 0 ? null : unitName(text.name, unit)
    }
  }
}

/** Where each unit's predicted tokens end in the stream; none where the text is too little. */
function unitEnds(text: OpenText, tokens: number, study: Study): number[] {
  let end = 0
  try {
    return unitsOf(text, tokens, study).map((sequences) => {
      end += sequences * study.model.contextLength
      return end
    })
  } catch (error) {
    if ((error as Partial<WorkbenchError>).code !== 'partition/too-small') throw error
    return []
  }
}
