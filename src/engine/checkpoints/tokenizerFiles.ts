/** A tokenizer's files beside a checkpoint, as transformers' AutoTokenizer wants them. */
import { z } from 'zod'
import { WorkbenchError } from '#shared/errors'
import type { DecoderConfig } from '#shared/records'
import type { FolderDraft } from '#engine/storage/files'
import { readText } from '#engine/storage/reading'

const TokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number(), content: z.string() })).default([]),
  model: z.looseObject({ vocab: z.unknown() })
})

/**
 * Copies `tokenizer.json` into a checkpoint and writes `tokenizer_config.json` beside it.
 *
 * @throws WorkbenchError `tokenizer/invalid` when no token has the id that ends a document
 */
export async function writeTokenizerFiles(
  draft: FolderDraft,
  config: DecoderConfig,
  tokenizerFile: string,
  endOfTextId: number
): Promise<void> {
  const text = await readText(tokenizerFile)
  const endOfText = tokenOf(text, endOfTextId)
  if (endOfText === null) {
    throw new WorkbenchError(
      'tokenizer/invalid',
      `${tokenizerFile} has no token of id ${endOfTextId}, which should end a document. Import the tokens with the id that ends a document.`,
      { path: tokenizerFile, id: endOfTextId }
    )
  }
  const tokenizerConfig = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: endOfText,
    eos_token: endOfText,
    pad_token: endOfText,
    add_bos_token: false,
    add_eos_token: false,
    clean_up_tokenization_spaces: false,
    model_max_length: config.contextLength
  }
  await draft.writeFile('tokenizer.json', text)
  await draft.writeFile('tokenizer_config.json', JSON.stringify(tokenizerConfig, null, 2) + '\n')
}

function tokenOf(text: string, id: number): string | null {
  const parsed = TokenizerSchema.safeParse(JSON.parse(text))
  if (!parsed.success) return null
  const added = parsed.data.added_tokens.find((token) => token.id === id)
  if (added) return added.content
  const vocabulary = parsed.data.model.vocab as Record<string, number>
  return Object.entries(vocabulary).find(([, other]) => other === id)?.[0] ?? null
}
