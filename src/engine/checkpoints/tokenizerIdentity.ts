/** A tokenizer as far as models must agree on it: which text has which id. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { hasFile, readFileOf } from './folderFiles'
import { invalid } from './safetensorsHeader'

/** Files that say which text has which id, the best first. */
const FILES = ['tokenizer.json', 'tokenizer.model', 'vocab.json', 'vocab.txt', 'spiece.model']

export interface TokenizerIdentity {
  /** Name of the file in the model's folder. */
  file: string
  sha256: string
  /** `BPE`, `Unigram` …; the file's name where it does not say. */
  kind: string
  /** Token → id, special ones included; null where the file is not `tokenizer.json`. */
  vocabulary: ReadonlyMap<string, number> | null
}

const TokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.number(), content: z.string() })).nullish(),
  model: z.looseObject({
    type: z.string().nullish(),
    vocab: z.union([
      z.record(z.string(), z.number()),
      z.array(z.tuple([z.string(), z.number()], z.unknown()))
    ])
  })
})

/**
 * Reads which text has which id.
 *
 * @returns null where the folder has no tokenizer
 * @throws WorkbenchError `checkpoint/invalid` for a file that is none, or leads out of the folder
 */
export async function readTokenizer(folder: string): Promise<TokenizerIdentity | null> {
  const file = FILES.find((name) => hasFile(folder, name))
  if (file === undefined) return null
  const bytes = await readFileOf(folder, file)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (file !== 'tokenizer.json') return { file, sha256, kind: file, vocabulary: null }
  let raw: unknown
  try {
    raw = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    throw invalid(join(folder, file), `it is not JSON (${(error as Error).message})`, error)
  }
  const parsed = TokenizerSchema.safeParse(raw)
  if (!parsed.success) throw invalid(join(folder, file), 'it has no model with a vocabulary')
  const { model, added_tokens: added } = parsed.data
  const vocabulary = new Map(
    Array.isArray(model.vocab)
      ? model.vocab.map(([token], id): [string, number] => [token, id])
      : Object.entries(model.vocab)
  )
  for (const { id, content } of added ?? []) vocabulary.set(content, id)
  return { file, sha256, kind: model.type ?? file, vocabulary }
}

/** The largest id of a vocabulary; −1 where it is empty or not known. */
export function largestId({ vocabulary }: TokenizerIdentity): number {
  let largest = -1
  for (const id of vocabulary?.values() ?? []) if (id > largest) largest = id
  return largest
}
