/** Source files and documents for tests of reading and importing. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readDocuments } from '#engine/data/readDocuments'
import type { ReadHooks, ReadRequest } from '#engine/data/readDocuments'
import type { SourceDocument } from '#engine/data/sourceDocument'

/** Files that other people's libraries wrote. */
export const FORMATS = fileURLToPath(new URL('../../../golden/data/formats', import.meta.url))

/** Writes a file below a folder and gives its path. */
export function put(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

/** Records as JSONL. */
export function jsonl(records: unknown[]): string {
  return records.map((record) => JSON.stringify(record) + '\n').join('')
}

/** All documents of sources. */
export async function readAll(
  paths: string | string[],
  request: Partial<ReadRequest> = {},
  hooks: ReadHooks = {}
): Promise<SourceDocument[]> {
  const documents: SourceDocument[] = []
  const all = { paths: [paths].flat(), textField: 'text', ...request }
  for await (const document of readDocuments(all, hooks)) documents.push(document)
  return documents
}

/** The texts of sources. */
export async function readTexts(
  paths: string | string[],
  request: Partial<ReadRequest> = {}
): Promise<string[]> {
  return (await readAll(paths, request)).map((document) => document.text)
}
