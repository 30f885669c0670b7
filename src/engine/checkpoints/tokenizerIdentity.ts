/** A tokenizer as far as models must agree on it: which text has which id. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { hasFile, parsedJson, readFileOf } from './folderFiles'
import type { ModelWeights } from './modelWeights'
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
  const path = join(folder, file)
  const parsed = TokenizerSchema.safeParse(parsedJson(path, bytes))
  if (!parsed.success) throw invalid(path, 'it has no model with a vocabulary')
  const { model, added_tokens: added } = parsed.data
  const vocabulary = new Map(
    Array.isArray(model.vocab)
      ? model.vocab.map(([token], id): [string, number] => [token, id])
      : Object.entries(model.vocab)
  )
  for (const { id, content } of added ?? []) vocabulary.set(content, id)
  return { file, sha256, kind: model.type ?? file, vocabulary }
}

/**
 * Why a tokenizer does not fit its model's embedding, in words; null where it does, or where either
 * does not say.
 */
export function tokenizerProblem(
  { file, vocabulary }: TokenizerIdentity,
  weights: Pick<ModelWeights, 'shapes' | 'config'>
): string | null {
  let largest = -1
  for (const id of vocabulary?.values() ?? []) if (id > largest) largest = id
  const rows = embeddingRows(weights)
  if (rows === null || largest < rows) return null
  return `${file} has a token ${largest}, but the embedding has ${rows} rows: the tokenizer is another model's`
}

const EMBEDDING = /(^|\.)(embed_tokens|wte|embed_in|word_embeddings)\.weight$/

function embeddingRows({ shapes, config }: Pick<ModelWeights, 'shapes' | 'config'>): number | null {
  for (const [name, shape] of shapes) {
    if (EMBEDDING.test(name) && shape.length === 2) return shape[0]!
  }
  return typeof config['vocab_size'] === 'number' ? config['vocab_size'] : null
}
