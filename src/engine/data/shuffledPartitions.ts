/** Random partitions: the text of a study's partitions, shuffled and dealt into as many of the same sizes. */
import { ENTRY_BYTES, entryBytes } from './corpusIndex'
import { shuffleDraw } from './documentHash'
import type { DocumentChoice, OrderedDocument } from './documentOrder'
import { sequencesIn } from './baseUnits'
import { permutationKey } from './permute'

/** What a random partition is called, counted from 0: never as one that was imported. */
export function shuffledName(place: number): string {
  return `random ${place + 1}`
}

/**
 * Documents of all partitions in one random order, whichever they came from.
 *
 * By draws of their content, as the order inside a partition is, but with keys of its own: units of
 * a random partition are not the natural ones taken in turn.
 */
export function shuffleDocuments(
  choices: readonly DocumentChoice[],
  randomSeed: number
): OrderedDocument[] {
  const seed = permutationKey(randomSeed, 'partitions')
  const drawn = choices.flatMap(({ stored, documents }, choice) =>
    documents.map((document, position) => {
      const draw = shuffleDraw(stored.index, document * ENTRY_BYTES, seed)
      return { choice, position, draw }
    })
  )
  drawn.sort((a, b) => a.draw - b.draw || a.choice - b.choice || a.position - b.position)
  return drawn.map(({ choice, position }) => ({ choice, position }))
}

/** A stretch of the shuffled stream, in ids; its base units begin at a whole sequence. */
export interface DealtStretch {
  firstSequence: number
  begin: number
  end: number
}

/**
 * Cuts the shuffled stream into as many stretches, each of as many whole sequences as the natural
 * partition in its place holds. Pure.
 *
 * Cut by tokens, not by documents, so that sizes are just the same: a document across a border is in
 * both, as it is between two base units.
 *
 * @param tokens ids in the streams of the natural partitions, which sum to the shuffled one
 */
export function dealStretches(tokens: readonly number[], contextLength: number): DealtStretch[] {
  const total = tokens.reduce((sum, one) => sum + one, 0)
  let next = 0
  return tokens.map((own, place) => {
    const firstSequence = next
    next += sequencesIn(own, contextLength)
    const isLast = place === tokens.length - 1
    return {
      firstSequence,
      begin: firstSequence * contextLength,
      end: isLast ? total : next * contextLength
    }
  })
}

/**
 * The documents that begin in each stretch, for the ledger and the overlap report.
 *
 * @param ends places of end-of-text ids; where a text spells one itself, documents are taken to be
 *   of one length, since ends then tell nothing of them
 */
export function dealDocuments(
  choices: readonly DocumentChoice[],
  order: readonly OrderedDocument[],
  ends: readonly number[],
  stretches: readonly DealtStretch[]
): { choices: DocumentChoice[]; documents: number; bytes: number }[] {
  const isKnown = ends.length === order.length
  const total = stretches.at(-1)?.end ?? 0
  const beginOf = (place: number) => {
    if (!isKnown) return (place / order.length) * total
    return place === 0 ? 0 : ends[place - 1]! + 1
  }
  const dealt = stretches.map(() => ({
    documents: choices.map((): number[] => []),
    bytes: 0
  }))
  let stretch = 0
  for (const [place, { choice, position }] of order.entries()) {
    while (stretch < stretches.length - 1 && beginOf(place) >= stretches[stretch]!.end) stretch += 1
    const { stored, documents } = choices[choice]!
    const document = documents[position]!
    dealt[stretch]!.documents[choice]!.push(document)
    dealt[stretch]!.bytes += entryBytes(stored.index, document)
  }
  return dealt.map(({ documents, bytes }) => ({
    // Readers want documents as they are stored.
    choices: choices.map(({ stored }, choice) => ({
      stored,
      documents: documents[choice]!.sort((a, b) => a - b)
    })),
    documents: documents.reduce((sum, own) => sum + own.length, 0),
    bytes
  }))
}
