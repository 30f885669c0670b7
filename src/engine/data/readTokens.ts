/** Documents of pre-tokenised files: `.npy`, flat `.bin`, Megatron `.bin` + `.idx`. */
import { closeSync, existsSync, readSync } from 'node:fs'
import { WorkbenchError } from '#shared/errors'
import { openToReadSync, readBytesSync } from '#engine/storage/reading'
import { loadTokenizer } from '#engine/tokenizer/tokenizer'
import type { TextTokenizer } from '#engine/tokenizer/tokenizer'
import { LARGEST_WHOLE, tooLarge, unreadable } from './byteStream'
import type { ReadContext, ReadDocument } from './sourceDocument'
import type { SourceFile } from './sources'

type TokenType = 'uint8' | 'int8' | 'int16' | 'int32' | 'int64' | 'uint16' | 'uint32'
const WIDTHS: Record<TokenType, number> = {
  uint8: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8
}
/** Megatron's codes of element types. */
const MEGATRON_TYPES: Record<number, TokenType> = {
  1: 'uint8',
  2: 'int8',
  3: 'int16',
  4: 'int32',
  5: 'int64',
  8: 'uint16'
}
/** Magic word, version, element type, counts of sequences and of borders. */
const MEGATRON_HEADER = 34
const IDS_PER_READ = 1 << 18
/** Of a document: more of them would fill the memory before they are spelled. */
const MOST_IDS = LARGEST_WHOLE / 8

/**
 * Reads token ids, cuts them at the id that ends a document and spells them as text again, so
 * that hold-out, duplicates and overlap treat them as any other text.
 *
 * @throws WorkbenchError `usage/invalid` without a tokenizer, `corpus/unreadable` for a broken
 *   header or an id that the tokenizer does not have
 */
export async function* readTokens(
  file: SourceFile,
  context: ReadContext
): AsyncGenerator<ReadDocument> {
  if (!context.tokenized) {
    throw new WorkbenchError(
      'usage/invalid',
      `${file.path} holds token ids. Name the tokenizer.json that made them, and the id that ` +
        `ends a document.`,
      { file: file.path }
    )
  }
  const { tokenizerFile, endOfTextId, type } = context.tokenized
  const tokenizer = loadTokenizer(tokenizerFile)
  const layout = layoutOf(file, type ?? (tokenizer.vocabularySize > 65_536 ? 'uint32' : 'uint16'))
  const spell = speller(tokenizer, file)
  let position = 0
  for (const ids of cutDocuments(file, layout, endOfTextId, context.onBytes)) {
    position += 1
    if (ids.some((id) => id < 0 || id >= tokenizer.vocabularySize)) {
      throw unreadable(
        file,
        new Error(
          `document ${position} holds an id outside the tokenizer's ${tokenizer.vocabularySize} entries`
        )
      )
    }
    yield {
      text: await spell(ids),
      fields: { file: file.label },
      file: file.label,
      position
    }
  }
}

/** Shorter documents are spelled without asking how long their text is. */
const SHORT_IDS = 1 << 12

/** Spells documents; what would not fit into one string is refused before it is spelled. */
function speller(tokenizer: TextTokenizer, file: SourceFile) {
  const lengths = new Map<number, number>()
  return async (ids: readonly number[]): Promise<string> => {
    let characters = 0
    for (let i = 0; ids.length > SHORT_IDS && i < ids.length; i++) {
      const id = ids[i]!
      const known = lengths.get(id)
      const length = known ?? (await tokenizer.decode([id])).length
      if (known === undefined) lengths.set(id, length)
      characters += length
      if (characters > LARGEST_WHOLE) throw tooLarge(file)
    }
    return tokenizer.decode(ids)
  }
}

interface TokenLayout {
  type: TokenType
  /** Bytes before the first id. */
  start: number
  /** Ids of each document, where an index says so; else the end-of-text id ends them. */
  lengths: number[] | null
}

function layoutOf(file: SourceFile, flat: TokenType): TokenLayout {
  if (file.path.endsWith('.npy')) return numpyLayout(file)
  const index = file.path.replace(/\.bin$/i, '.idx')
  if (index === file.path || !existsSync(index)) return { type: flat, start: 0, lengths: null }
  const header = readBytesSync(index)
  const type = MEGATRON_TYPES[header.length >= MEGATRON_HEADER ? header.readUInt8(17) : 0]
  if (header.subarray(0, 9).toString('latin1') !== 'MMIDIDX\0\0' || !type) {
    throw unreadable(file, new Error(`${index} is no index of Megatron's`))
  }
  const borders = Number(header.readBigUInt64LE(26))
  const needed = MEGATRON_HEADER + Number(header.readBigUInt64LE(18)) * (4 + 8) + 8 * borders
  if (header.length < needed || borders < 1) {
    throw unreadable(file, new Error(`${index} is cut short: ${header.length} of ${needed} bytes`))
  }
  return { type, start: 0, lengths: megatronLengths(header) }
}

/**
 * Ids per document. An index holds the lengths of sequences, their places, and for each document
 * the number of its first sequence.
 *
 * @see Megatron-LM, megatron/core/datasets/indexed_dataset.py
 */
function megatronLengths(index: Buffer): number[] {
  const sequences = Number(index.readBigUInt64LE(18))
  const borders = Number(index.readBigUInt64LE(26))
  const bordersAt = MEGATRON_HEADER + sequences * (4 + 8)
  const border = (number: number): number => Number(index.readBigInt64LE(bordersAt + 8 * number))
  return Array.from({ length: borders - 1 }, (_, document) => {
    let ids = 0
    for (let sequence = border(document); sequence < border(document + 1); sequence++) {
      ids += index.readInt32LE(MEGATRON_HEADER + 4 * sequence)
    }
    return ids
  })
}

/** @see NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays" */
function numpyLayout(file: SourceFile): TokenLayout {
  const handle = openToReadSync(file.path)
  const head = Buffer.alloc(12)
  readSync(handle, head, 0, 12, 0)
  const isShort = head[6] === 1
  const length = isShort ? head.readUInt16LE(8) : head.readUInt32LE(8)
  const start = (isShort ? 10 : 12) + length
  const header = Buffer.alloc(Math.min(length, 65_536))
  readSync(handle, header, 0, header.length, isShort ? 10 : 12)
  closeSync(handle)
  const described = /'descr':\s*'[<|]([ui])([1248])'/.exec(header.toString('latin1'))
  const type = described
    ? `${described[1] === 'u' ? 'uint' : 'int'}${8 * Number(described[2])}`
    : ''
  if (head.subarray(1, 6).toString('latin1') !== 'NUMPY' || !(type in WIDTHS)) {
    throw unreadable(file, new Error('expected a little-endian array of integers'))
  }
  return { type: type as TokenType, start, lengths: null }
}

function* cutDocuments(
  file: SourceFile,
  layout: TokenLayout,
  endOfTextId: number,
  onBytes: (count: number) => void
): Generator<number[]> {
  const width = WIDTHS[layout.type]
  if ((file.bytes - layout.start) % width !== 0) {
    throw unreadable(file, new Error(`its size is not a multiple of ${width} bytes`))
  }
  const ids = (file.bytes - layout.start) / width
  const told = layout.lengths?.reduce((sum, length) => sum + length, 0)
  if (told !== undefined && told !== ids) {
    throw unreadable(file, new Error(`its index tells of ${told} ids, and it holds ${ids}`))
  }
  const handle = openToReadSync(file.path)
  try {
    let document: number[] = []
    let number = 0
    const chunk = Buffer.alloc(IDS_PER_READ * width)
    for (let at = layout.start; at < file.bytes;) {
      const bytes = readSync(handle, chunk, 0, chunk.length, at)
      // It was longer when it was looked at.
      if (bytes < width) throw unreadable(file, new Error(`it ends at byte ${at} of ${file.bytes}`))
      at += bytes - (bytes % width)
      onBytes(bytes)
      for (let offset = 0; offset + width <= bytes; offset += width) {
        if (document.push(readId(chunk, offset, layout.type)) > MOST_IDS) throw tooLarge(file)
        // A document of an index may hold nothing.
        while (layout.lengths?.[number] === 0) number += 1
        const isWhole = layout.lengths
          ? document.length === layout.lengths[number]
          : document.at(-1) === endOfTextId
        if (!isWhole) continue
        if (document.at(-1) === endOfTextId) document.pop()
        if (document.length > 0) yield document
        document = []
        number += 1
      }
    }
    if (document.length > 0) yield document
  } finally {
    closeSync(handle)
  }
}

function readId(chunk: Buffer, offset: number, type: TokenType): number {
  switch (type) {
    case 'uint8':
      return chunk.readUInt8(offset)
    case 'int8':
      return chunk.readInt8(offset)
    case 'uint16':
      return chunk.readUInt16LE(offset)
    case 'int16':
      return chunk.readInt16LE(offset)
    case 'uint32':
      return chunk.readUInt32LE(offset)
    case 'int32':
      return chunk.readInt32LE(offset)
    case 'int64':
      return Number(chunk.readBigInt64LE(offset))
  }
}
