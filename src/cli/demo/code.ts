/** Source code, and the prose that its comments hold. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { listFiles } from './documents'
import type { DemoDocument } from './documents'

/** Characters of a file; longer ones would leave few documents to hold out. */
const SHORTEST_SOURCE = 400
const LONGEST_SOURCE = 10_000

/** Sources of a package, one document a file; bundles and minified files lie elsewhere. */
export async function readCode(
  folder: string,
  under: string,
  ending: string
): Promise<DemoDocument[]> {
  const documents: DemoDocument[] = []
  const root = join(folder, under)
  for (const file of await listFiles(root)) {
    if (!file.endsWith(ending)) continue
    const text = (await readFile(join(root, file), 'utf8')).replaceAll('\r\n', '\n').trim()
    if (text.length < SHORTEST_SOURCE || text.length > LONGEST_SOURCE) continue
    documents.push({ text, source: dirname(file) })
  }
  return documents
}

/** The manual that stands in a package's type declarations: each long comment is a document. */
export async function readManual(folder: string): Promise<DemoDocument[]> {
  const documents: DemoDocument[] = []
  for (const file of await listFiles(folder)) {
    if (!file.endsWith('.d.ts')) continue
    const declarations = await readFile(join(folder, file), 'utf8')
    for (const [, comment] of declarations.matchAll(/\/\*\*(.*?)\*\//gs)) {
      const text = commentProse(comment!)
      if (text.length >= 300) documents.push({ text, source: file })
    }
  }
  return documents
}

/** A comment's sentences: without margin, code, tags and link syntax. */
export function commentProse(comment: string): string {
  return comment
    .replace(/^[ \t]*\*[ \t]?/gm, '')
    .replace(/```.*?```/gs, '')
    .replace(/^@[^\n]*(\n(?!@|\n)[^\n]*)*/gm, '')
    .replace(/\{@link(?:code|plain)? ([^}\s]+)\s*([^}]*)\}/g, (_, target: string, name: string) =>
      name === '' ? target : name
    )
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
