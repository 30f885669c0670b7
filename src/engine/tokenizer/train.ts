/** Trains a byte-level BPE tokenizer. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BPE, Tokenizer, byteLevelAlphabet, byteLevelPreTokenizer } from 'tokenizers'
import { WorkbenchError } from '#shared/errors'
import { END_OF_TEXT } from './tokenizer'

/** Smallest vocabulary: 256 bytes and the token that ends a document. */
export const SMALLEST_VOCABULARY = 257
/** The native trainer always stops here; smaller vocabularies are cut from what it learned. */
export const LARGEST_VOCABULARY = 30_000

interface TrainedModel {
  vocab: Record<string, number>
  merges: ([string, string] | string)[]
}

/**
 * Trains on one plain-text file and gives the `tokenizer.json`.
 *
 * The native trainer takes no options: its vocabulary holds only bytes that the sample has, no
 * special token, and 30,000 entries. The merges it learns do not depend on these, so the
 * vocabulary asked for is built from them: the special token, all 256 bytes, then merges in
 * order until it is full. Equal to Python's `BpeTrainer` with the byte-level alphabet.
 *
 * @param sampleFile UTF-8 text; trained on line by line, as Python's `train(files)` does
 * @param scratchFolder the native library writes its result here
 * @throws WorkbenchError `tokenizer/vocabulary-too-large` when the text gives fewer entries
 * @see Sennrich et al. 2016, arXiv 1508.07909
 */
export function trainByteLevelBpe(
  sampleFile: string,
  vocabularySize: number,
  scratchFolder: string
): string {
  if (vocabularySize < SMALLEST_VOCABULARY || vocabularySize > LARGEST_VOCABULARY) {
    throw new WorkbenchError(
      'tokenizer/invalid',
      `A vocabulary of ${vocabularySize} cannot be trained; expected ${SMALLEST_VOCABULARY} to ` +
        `${LARGEST_VOCABULARY} entries. Bring a tokenizer.json for a larger one.`,
      { vocabularySize }
    )
  }
  const tokenizer = new Tokenizer(BPE.empty())
  tokenizer.setPreTokenizer(byteLevelPreTokenizer(false, true))
  tokenizer.train([sampleFile])
  const path = join(scratchFolder, 'trained.json')
  tokenizer.save(path, false)
  const trained = JSON.parse(readFileSync(path, 'utf8')) as { model: TrainedModel }
  return JSON.stringify(tokenizerJson(cutVocabulary(trained.model, vocabularySize)))
}

/** Special token, 256 byte symbols in order of code point, then merges until it is full. */
function cutVocabulary(
  trained: TrainedModel,
  vocabularySize: number
): { vocab: Record<string, number>; merges: [string, string][] } {
  const vocab = new Map<string, number>([[END_OF_TEXT, 0]])
  for (const symbol of byteLevelAlphabet().sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!)) {
    vocab.set(symbol, vocab.size)
  }
  const merges: [string, string][] = []
  for (const merge of trained.merges) {
    if (vocab.size >= vocabularySize) break
    const [left, right] = typeof merge === 'string' ? split(merge) : merge
    merges.push([left, right])
    if (!vocab.has(left + right)) vocab.set(left + right, vocab.size)
  }
  if (vocab.size < vocabularySize) {
    throw new WorkbenchError(
      'tokenizer/vocabulary-too-large',
      `The text gives a vocabulary of ${vocab.size} entries; the study asks for ` +
        `${vocabularySize}. Lower "vocabularySize" or give more text.`,
      { expected: vocabularySize, found: vocab.size }
    )
  }
  return { vocab: Object.fromEntries(vocab), merges }
}

function split(merge: string): [string, string] {
  const [left = '', right = ''] = merge.split(' ')
  return [left, right]
}

function tokenizerJson(model: {
  vocab: Record<string, number>
  merges: [string, string][]
}): Record<string, unknown> {
  const byteLevel = {
    type: 'ByteLevel',
    add_prefix_space: false,
    trim_offsets: true,
    use_regex: true
  }
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: 0,
        content: END_OF_TEXT,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true
      }
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: model.vocab,
      merges: model.merges
    }
  }
}
