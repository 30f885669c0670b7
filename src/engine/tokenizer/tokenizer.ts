/** Hugging Face's tokenizers behind one door. */
import { createHash } from 'node:crypto'
import { Tokenizer as NativeTokenizer } from 'tokenizers'
import { WorkbenchError } from '#shared/errors'
import type { TokenEnds } from '#shared/storedText'
import { readTextSync } from '#engine/storage/reading'
import { cutText } from './cutText'
import { joinTokenEnds } from './tokenEnds'

/** The special token that ends a document, in tokenizers trained here. */
export const END_OF_TEXT = '<|endoftext|>'

/** Names under which known tokenizers end a document, looked for in this order. */
const KNOWN_ENDS = [
  END_OF_TEXT,
  '</s>',
  '<|end_of_text|>',
  '<eos>',
  '<|eos|>',
  '[EOS]',
  '<|im_end|>',
  '<｜end▁of▁sentence｜>',
  '[SEP]'
]

const GROUP_CHARACTERS = 1_000_000

/** A tokenizer ready for use. */
export interface TextTokenizer {
  /** SHA-256 of its file. */
  fingerprint: string
  vocabularySize: number
  /** Ids of texts, without any special token added. */
  encode(texts: string[]): Promise<Uint32Array[]>
  /** Ids of one text, and where in it each token ends. */
  encodeWithEnds(text: string): Promise<TokenEnds>
  decode(ids: ArrayLike<number>): Promise<string>
  /** Id of a token by its exact name; null when there is none. */
  idOf(token: string): number | null
}

/**
 * Loads a `tokenizer.json`.
 *
 * Long texts are encoded in pieces cut where the result is the same, so that one document of many
 * megabytes needs no many gigabytes.
 *
 * @throws WorkbenchError `tokenizer/invalid` when it cannot be read or used
 */
export function loadTokenizer(path: string): TextTokenizer {
  let json: string
  let native: NativeTokenizer
  try {
    json = readTextSync(path)
    native = NativeTokenizer.fromString(withoutDropout(json))
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error), error)
  }
  native.disableTruncation()
  native.disablePadding()
  const vocabulary = native.getVocab(true)
  const isCuttable = mayBeCut(json, Object.keys(vocabulary))
  const highest = Object.values(vocabulary).reduce((most, id) => Math.max(most, id), -1)
  return {
    fingerprint: createHash('sha256').update(json).digest('hex'),
    vocabularySize: Math.max(native.getVocabSize(true), highest + 1),
    encode: (texts) => encodeTexts(native, texts, isCuttable),
    encodeWithEnds: (text) => encodeWithEnds(native, isCuttable ? cutText(text) : [text]),
    decode: (ids) => native.decode(Array.from(ids), false),
    idOf: (token) => native.tokenToId(token)
  }
}

/**
 * The id that ends a document.
 *
 * @param token its name, or undefined to look for the names in use
 * @throws WorkbenchError `tokenizer/invalid` when the tokenizer has no such token
 */
export function endOfTextId(tokenizer: TextTokenizer, path: string, token?: string): number {
  for (const name of token === undefined ? KNOWN_ENDS : [token]) {
    const id = tokenizer.idOf(name)
    if (id !== null) return id
  }
  throw invalid(
    path,
    token === undefined
      ? `it has none of the tokens that usually end a document (${KNOWN_ENDS.join(' ')}); ` +
          `name it as "endOfText" in the study`
      : `it has no token "${token}"`
  )
}

async function encodeTexts(
  native: NativeTokenizer,
  texts: string[],
  isCuttable: boolean
): Promise<Uint32Array[]> {
  const pieces = texts.map((text) => (isCuttable ? cutText(text) : [text]))
  const encoded: Uint32Array[] = []
  for (const group of groupsOf(pieces.flat())) {
    const encodings = await native.encodeBatch(group, { addSpecialTokens: false })
    for (const encoding of encodings) encoded.push(Uint32Array.from(encoding.getIds()))
  }
  let next = 0
  return pieces.map((ofText) => joinIds(ofText.map(() => encoded[next++]!)))
}

async function encodeWithEnds(native: NativeTokenizer, pieces: string[]): Promise<TokenEnds> {
  const encodings = await native.encodeBatch(pieces, { addSpecialTokens: false })
  return joinTokenEnds(
    encodings.map((encoding, index) => ({
      text: pieces[index]!,
      ids: encoding.getIds(),
      offsets: encoding.getOffsets()
    }))
  )
}

/** Groups of about a megabyte: an encoding takes a hundred times the memory of its ids. */
function* groupsOf(pieces: readonly string[]): Generator<string[]> {
  let group: string[] = []
  let characters = 0
  for (const piece of pieces) {
    group.push(piece)
    characters += piece.length
    if (characters < GROUP_CHARACTERS) continue
    yield group
    group = []
    characters = 0
  }
  if (group.length > 0) yield group
}

function joinIds(pieces: readonly Uint32Array[]): Uint32Array {
  if (pieces.length === 1) return pieces[0]!
  const joined = new Uint32Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** A blank behind what may be a letter's last byte, in byte-level tokenizers' alphabet. */
const BLANK_BEHIND_LETTER = /[A-Za-z\u00a1-\u00bf\u0122-\u0143]\u0120/

/**
 * True where a text may be cut before a blank between two letters: where no token of a byte-level
 * tokenizer reaches over it, nothing joins a word to the blank after it. Others may mark the
 * beginning of a text, and an added token may hold a blank.
 */
function mayBeCut(json: string, vocabulary: readonly string[]): boolean {
  const parsed = JSON.parse(json) as {
    normalizer: { type?: string } | null
    pre_tokenizer: unknown
    added_tokens?: { content: string; lstrip?: boolean; rstrip?: boolean }[]
  }
  const isByteLevel = JSON.stringify(parsed.pre_tokenizer ?? null).includes('"ByteLevel"')
  const isPlain = parsed.normalizer === null || parsed.normalizer?.type === 'NFC'
  const added = parsed.added_tokens ?? []
  return (
    isByteLevel &&
    isPlain &&
    !added.some(mayHoldCut) &&
    !vocabulary.some((token) => BLANK_BEHIND_LETTER.test(token))
  )
}

/** Whether an added token may reach over a blank between two letters. */
function mayHoldCut(token: { content: string; lstrip?: boolean; rstrip?: boolean }): boolean {
  const { content, lstrip, rstrip } = token
  if (/\p{L} /u.test(content)) return true
  return (!!lstrip && /^\p{L}/u.test(content)) || (!!rstrip && /\p{L}$/u.test(content))
}

/** A tokenizer of which merges are left out at random in training gives its usual ids here. */
function withoutDropout(json: string): string {
  const parsed = JSON.parse(json) as { model?: { dropout?: number | null } }
  if (!parsed.model?.dropout) return json
  return JSON.stringify({ ...parsed, model: { ...parsed.model, dropout: null } })
}

function invalid(path: string, reason: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError(
    'tokenizer/invalid',
    `${path} cannot be used as a tokenizer: ${reason}. Expected a tokenizer.json of Hugging Face's.`,
    { path, reason },
    { cause }
  )
}
