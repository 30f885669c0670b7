/** Reads a stored corpus: its index whole, its texts block by block. */
import { closeSync, existsSync, fstatSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { WorkbenchError } from '#shared/errors'
import { openToReadSync, readBytes, readText, readTextSync } from '#engine/storage/reading'
import { assertSound } from '#engine/storage/sealedFiles'
import type { Corpus } from '#shared/records'
import { LARGEST_WHOLE } from './byteStream'
import { ENTRY_BYTES, unpackEntry } from './corpusIndex'
import type { IndexEntry } from './corpusIndex'
import { textHash } from './documentHash'
import { parseLine } from './readJsonl'

const expand = promisify(gunzip)

/** A block holds a quarter of a megabyte of documents, and the one that made it full. */
const LARGEST_BLOCK = LARGEST_WHOLE + (1 << 20)

/** One partition of a stored corpus, its index in memory. */
export interface StoredPartition {
  corpus: Corpus
  /** `corpora/<fingerprint>` of the project. */
  folder: string
  name: string
  /** Number of its folder. */
  number: number
  documents: number
  /** `ENTRY_BYTES` per document, in the order of the import. */
  index: Buffer
}

/**
 * Opens a partition's index.
 *
 * @throws WorkbenchError `storage/missing`, `storage/corrupt`
 */
export async function openPartition(
  corporaFolder: string,
  corpus: Corpus,
  name: string
): Promise<StoredPartition> {
  const folder = join(corporaFolder, corpus.fingerprint)
  const number = corpus.partitions.findIndex((partition) => partition.name === name)
  const path = join(folder, 'partitions', String(number), 'index.bin')
  if (number < 0 || !existsSync(path)) {
    throw new WorkbenchError(
      'storage/missing',
      `The stored text of "${name}" in corpus "${corpus.name}" is missing: expected ${path}. ` +
        `Import the corpus again.`,
      { path, corpus: corpus.name, partition: name }
    )
  }
  await assertSound(folder, [`partitions/${number}/index.bin`], again(corpus))
  const index = await readBytes(path)
  const documents = corpus.partitions[number]!.documents
  if (index.length !== documents * ENTRY_BYTES) throw corrupt(corpus, path)
  return { corpus, folder, name, number, documents, index }
}

/** The kept fields of each document, in order. */
export async function readKeptFields(
  partition: StoredPartition
): Promise<Record<string, unknown>[]> {
  const name = `partitions/${partition.number}/fields.jsonl`
  await assertSound(partition.folder, [name], again(partition.corpus))
  const path = join(partition.folder, name)
  const lines = (await readText(path)).split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

/**
 * Reads texts of a partition.
 *
 * Documents that lie in one block are best asked for together: a block is expanded once.
 *
 * @param documents numbers, ascending
 * @throws WorkbenchError `storage/corrupt` when a text is not the one that was imported
 */
export async function* readTexts(
  partition: StoredPartition,
  documents: Iterable<number>
): AsyncGenerator<{ document: number; text: string }> {
  // Texts are checked one by one, by the hashes in the index.
  await assertSound(partition.folder, ['blocks.json', 'sources.json'], again(partition.corpus))
  const reader = partition.corpus.inPlace ? openSources(partition) : openBlocks(partition)
  try {
    for (const document of documents) {
      const entry = unpackEntry(partition.index, document)
      const text = await reader.read(entry)
      if (!textHash(Buffer.from(text)).equals(entry.textHash)) {
        throw corrupt(partition.corpus, reader.nameOf(entry))
      }
      yield { document, text }
    }
  } finally {
    reader.close()
  }
}

interface TextReader {
  read(entry: IndexEntry): Promise<string>
  /** The file that holds it, for errors. */
  nameOf(entry: IndexEntry): string
  close(): void
}

function openBlocks(partition: StoredPartition): TextReader {
  const path = join(partition.folder, 'blocks.bin')
  const table = JSON.parse(readTextSync(join(partition.folder, 'blocks.json'))) as {
    offset: number
    packed: number
  }[]
  const handle = openToReadSync(path)
  const { size } = fstatSync(handle)
  let number = -1
  let block = Buffer.alloc(0)
  return {
    read: async (entry) => {
      if (entry.container !== number) {
        // A project may come from somebody else: the table is not believed before it is looked at.
        const { offset = -1, packed = -1 } = table[entry.container] ?? {}
        if (!(offset >= 0 && packed >= 0 && offset + packed <= size)) {
          throw corrupt(partition.corpus, path)
        }
        const bytes = Buffer.allocUnsafe(packed)
        readSync(handle, bytes, 0, packed, offset)
        block = await expand(bytes, { maxOutputLength: LARGEST_BLOCK }).catch(() => {
          throw corrupt(partition.corpus, path)
        })
        number = entry.container
      }
      return block.toString('utf8', entry.offset, entry.offset + entry.length)
    },
    nameOf: () => path,
    close: () => closeSync(handle)
  }
}

/** Texts left where they were: a line is parsed again, a file read again. */
function openSources(partition: StoredPartition): TextReader {
  const { textField, sources } = JSON.parse(
    readTextSync(join(partition.folder, 'sources.json'))
  ) as { textField: string; sources: { path: string; format: string }[] }
  let number = -1
  let handle: number | null = null
  return {
    read: async (entry) => {
      const source = sources[entry.container]!
      if (entry.container !== number) {
        if (handle !== null) closeSync(handle)
        handle = null
        if (!existsSync(source.path)) throw corrupt(partition.corpus, source.path)
        handle = openToReadSync(source.path)
        number = entry.container
      }
      const bytes = Buffer.allocUnsafe(entry.length)
      const length = readSync(handle!, bytes, 0, entry.length, entry.offset)
      if (length < entry.length) throw corrupt(partition.corpus, source.path)
      if (source.format === 'text') return bytes.toString('utf8').replace(/^\uFEFF/, '')
      try {
        return parseLine(bytes, { path: source.path, label: source.path }, 0, textField).text
      } catch (error) {
        throw corrupt(partition.corpus, source.path, error)
      }
    },
    nameOf: (entry) => sources[entry.container]!.path,
    close: () => {
      if (handle !== null) closeSync(handle)
    }
  }
}

function again(corpus: Corpus): string {
  return `Verify the project with repair, which sets the stored text aside; then import corpus "${corpus.name}" again from the same files.`
}

function corrupt(corpus: Corpus, path: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError(
    'storage/corrupt',
    corpus.inPlace
      ? `${path} is not what it was when corpus "${corpus.name}" was imported in place. ` +
          `Restore the file, or import it again.`
      : `${path} of corpus "${corpus.name}" is damaged: a text in it is not the one whose hash the index has. ${again(corpus)}`,
    { path, corpus: corpus.name },
    { cause }
  )
}
