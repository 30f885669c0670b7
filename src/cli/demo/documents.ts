/** Documents on their way from a package to a file, and the ways to choose among them. */
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** One document as it is written: a line of JSON with these two fields. */
export interface DemoDocument {
  text: string
  /** What documents of one origin share: an address, a thread, a folder, a chapter, a country. */
  source: string
}

/** Paths of all files under a folder, relative to it, in one order on every machine. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
    .sort((a, b) => (a < b ? -1 : 1))
}

/** Reads and parses a JSON file of a package whose contents are pinned by hash. */
export async function readJson<Contents>(...path: string[]): Promise<Contents> {
  return JSON.parse(await readFile(join(...path), 'utf8')) as Contents
}

const bytesOf = (text: string) => Buffer.byteLength(text)

/** The documents whose text was not there before; blanks do not count. */
export function distinct(documents: readonly DemoDocument[]): DemoDocument[] {
  const seen = new Set<string>()
  return documents.filter(({ text }) => {
    const key = text.replace(/\s+/g, ' ').trim()
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** Documents drawn by the hash of their text until so many bytes are reached, in given order. */
export function sample(documents: readonly DemoDocument[], bytes: number): DemoDocument[] {
  const drawn = documents
    .map((document) => ({
      document,
      draw: createHash('sha256').update(document.text).digest('hex')
    }))
    .sort((a, b) => (a.draw < b.draw ? -1 : 1))
  const chosen = new Set<DemoDocument>()
  let reached = 0
  for (const { document } of drawn) {
    if (reached >= bytes) break
    chosen.add(document)
    reached += bytesOf(document.text)
  }
  return documents.filter((document) => chosen.has(document))
}

/**
 * One passage of a text: from the first sentence after its middle, whole sentences, up to so many
 * characters. The whole text where it is not longer.
 */
export function passage(text: string, characters: number): string {
  if (text.length <= characters) return text.trim()
  const middle = Math.min(text.length >> 1, text.length - characters)
  const begin = text.indexOf('. ', middle - 2)
  const from = begin < 0 ? middle : begin + 2
  const cut = text.slice(from, from + characters)
  const end = Math.max(cut.lastIndexOf('. '), cut.endsWith('.') ? cut.length - 1 : -1)
  return (end < 0 ? cut : cut.slice(0, end + 1)).trim()
}
