/** Where the documents of every text go: used for training, held out, dropped, left out. */
import type { StoredText, StoredTexts, TextAmount } from '#shared/storedText'
import { DUPLICATE, HELD_OUT, TRAINING } from '../allotment'
import { countFate } from '../studyText'
import type { TokenCounts } from './documentTokens'
import { streamOf } from './openTexts'
import type { OpenText, OpenTexts } from './openTexts'

/**
 * Describes all texts.
 *
 * @param countsOf tokens per document where they were counted before; null where not
 */
export async function describeTexts(
  texts: OpenTexts,
  countsOf: (text: OpenText) => Promise<TokenCounts | null>
): Promise<StoredTexts> {
  const described: StoredText[] = []
  let isTokenized = texts.tokenizer !== null
  for (const text of texts.texts) {
    const stream = streamOf(texts, text)
    if (text.isUsed && text.role !== 'evaluation' && !stream) isTokenized = false
    described.push(describeText(text, stream?.tokens ?? null, await countsOf(text)))
  }
  return { isTokenized, texts: described }
}

function describeText(
  text: OpenText,
  streamTokens: number | null,
  counts: TokenCounts | null
): StoredText {
  const { role, name, isUsed, group } = text
  const amount = (fate: number): TextAmount => ({
    ...countFate(group.parts, fate),
    tokens: counts ? tokensOf(text, fate, counts) : null
  })
  const nothing: TextAmount = { documents: 0, bytes: 0, tokens: 0 }
  const training = { ...amount(TRAINING), tokens: streamTokens }
  const [heldOut, duplicates] = [amount(HELD_OUT), amount(DUPLICATE)]
  return {
    role,
    name,
    isUsed,
    imported: {
      documents: training.documents + heldOut.documents + duplicates.documents,
      bytes: training.bytes + heldOut.bytes + duplicates.bytes
    },
    // Of evaluation text nothing is trained on.
    training: !isUsed || role === 'evaluation' ? nothing : training,
    heldOut: isUsed ? heldOut : nothing,
    duplicates,
    unused: isUsed
      ? nothing
      : {
          documents: training.documents + heldOut.documents,
          bytes: training.bytes + heldOut.bytes,
          tokens: null
        }
  }
}

function tokensOf({ group }: OpenText, fate: number, counts: TokenCounts): number {
  let tokens = 0
  for (const [part, { fates }] of group.parts.entries()) {
    fates.forEach((one, document) => {
      if (one === fate) tokens += counts[part]![document]!
    })
  }
  return tokens
}
