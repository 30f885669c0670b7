/** Prose out of packages: speeches, fact book, fiction, dictionary. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listFiles, passage, readJson } from './documents'
import type { DemoDocument } from './documents'

/** Longest passage of an address in the demo. */
const SPEECH_CHARACTERS = 4000

/**
 * One passage of every State of the Union address of some years.
 *
 * A passage each, instead of a few whole addresses, so that all years and presidents are in, and a
 * held-out part of some documents is one of as many addresses.
 *
 * @param years first and last, both in
 * @param characters longest passage
 */
export async function readSpeeches(
  folder: string,
  [first, last]: readonly [number, number],
  characters = SPEECH_CHARACTERS
): Promise<DemoDocument[]> {
  const documents: DemoDocument[] = []
  for (const file of await listFiles(join(folder, 'data'))) {
    if (!/^\d{4}_.*\.json$/.test(file)) continue
    const address = await readJson<{ year: number; name: string; text: string }>(
      folder,
      'data',
      file
    )
    if (address.year < first || address.year > last) continue
    documents.push({
      text: passage(address.text, characters),
      source: `${address.year} ${address.name}`
    })
  }
  return documents
}

/** Fields of the fact book that are written in sentences; the rest are figures and templates. */
const FACT_BOOK_PROSE = [
  ['introduction'],
  ['economy', 'overview'],
  ['government', 'flag_description'],
  ['government', 'name_etymology'],
  ['issues', 'international_disputes'],
  ['issues', 'illicit_drugs'],
  ['communications', 'broadcast_media'],
  ['geography', 'notes'],
  ['geography', 'climate'],
  ['geography', 'terrain'],
  ['people', 'population_distribution']
]

/**
 * The fact book's sections of prose, one document each.
 *
 * Sections of a file are not joined: in this package some stand in another country's file.
 */
export async function readFactBook(folder: string): Promise<DemoDocument[]> {
  const documents: DemoDocument[] = []
  const data = join(folder, 'src', 'data', 'factbook')
  for (const file of await listFiles(data)) {
    if (!file.endsWith('.json')) continue
    const country = await readJson<Record<string, unknown>>(data, file)
    for (const path of FACT_BOOK_PROSE) {
      let value: unknown = country
      for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key]
      if (typeof value !== 'string' || value.length < 200) continue
      const text = value.replace(/\s*(\+\+\s*)+/g, '\n\n').trim()
      documents.push({ text, source: file.slice(0, 2) })
    }
  }
  return documents
}

/** Longest passage of a chapter. */
const FICTION_CHARACTERS = 2_000

/**
 * A passage of each numbered chapter of Moby-Dick and of its epilogue: many short documents measure
 * a domain better than few long ones.
 *
 * Not `data.txt`, which is the whole book again, nor the contents, etymology and extracts, which
 * are no fiction.
 */
export async function readFiction(folder: string): Promise<DemoDocument[]> {
  const documents: DemoDocument[] = []
  for (const file of await listFiles(join(folder, 'data'))) {
    if (!/^(chapter_\d+|epilogue)\.json$/.test(file)) continue
    const { title, text } = await readJson<{ title: string; text: string }>(folder, 'data', file)
    documents.push({ text: passage(text, FICTION_CHARACTERS), source: title })
  }
  return documents
}

/** Entries that make one document of the dictionary. */
const ENTRIES_PER_PAGE = 40

/**
 * WordNet as pages of a dictionary: a line per meaning, its words, then gloss and examples.
 *
 * Meanings follow each other as in WordNet's files, so a page holds related ones.
 */
export async function readDictionary(folder: string): Promise<DemoDocument[]> {
  const documents: DemoDocument[] = []
  for (const part of ['noun', 'verb', 'adj', 'adv']) {
    const lines = (await readFile(join(folder, 'dict', `data.${part}`), 'latin1')).split('\n')
    const entries = lines.filter((line) => /^\d/.test(line)).map(dictionaryEntry)
    for (let from = 0; from < entries.length; from += ENTRIES_PER_PAGE) {
      const page = entries.slice(from, from + ENTRIES_PER_PAGE)
      documents.push({ text: page.join('\n'), source: `${part} ${from / ENTRIES_PER_PAGE + 1}` })
    }
  }
  return documents
}

/** `offset file type count word id … | gloss`: the count is hexadecimal, blanks are underscores. */
function dictionaryEntry(line: string): string {
  const bar = line.indexOf('|')
  const fields = line.slice(0, bar).split(' ')
  const count = Number.parseInt(fields[3]!, 16)
  const words = Array.from({ length: count }, (_, index) => fields[4 + 2 * index]!)
  // Adjectives may carry where they stand in a phrase: `galore(ip)`.
  const named = words.map((word) => word.replace(/\((a|p|ip)\)$/, '').replaceAll('_', ' '))
  return `${named.join(', ')}: ${line.slice(bar + 1).trim()}`
}
