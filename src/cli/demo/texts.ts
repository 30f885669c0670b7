/** The demo's texts: fetched once, checked, and written as JSONL, one file a corpus. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CorpusRole, DomainKind } from '#shared/records'
import { formatBytes } from '../format'
import type { CorpusRecipe } from './corpora'
import { distinct, sample } from './documents'
import type { DemoDocument } from './documents'
import { fetchPackage, unpackTarball } from './fetch'
import { TEXT_PACKAGES } from './packages'
import type { PackageKey } from './packages'

/** Raise it when documents are chosen or cut otherwise, so that files written before are redone. */
const EXTRACTION = 2

/** One corpus, ready to be imported. */
export interface DemoCorpus {
  /** Of the corpus and of its only partition or domain. */
  name: string
  role: CorpusRole
  domainKind?: DomainKind
  /** JSONL with `text` and `source`, what documents of one origin share. */
  path: string
  licence: string
  /** Packages with versions. */
  source: string
  documents: number
  /** UTF-8 bytes of text. */
  bytes: number
}

export interface DemoTexts {
  corpora: DemoCorpus[]
}

/**
 * Makes the demo's corpora, or finds those made before.
 *
 * The same bytes on every machine: packages are pinned by hash, documents drawn by the hash of
 * their text. No text is in two corpora, nor twice in one.
 *
 * @param recipes the corpora, in the order in which text is taken
 * @param cacheFolder keeps the tarballs
 * @param outFolder gets the JSONL files
 * @param onStep is told what is being done, with its size
 * @throws WorkbenchError `corpus/missing-file`, `corpus/unreadable`: see {@link fetchPackage}
 */
export async function fetchDemoTexts(
  recipes: readonly CorpusRecipe[],
  cacheFolder: string,
  outFolder: string,
  onStep: (step: string) => void
): Promise<DemoTexts> {
  const listFile = join(outFolder, 'texts.json')
  const key = contentsKey(recipes)
  const before = await readList(listFile, key)
  if (before) return before
  await mkdir(outFolder, { recursive: true })
  const corpora: DemoCorpus[] = []
  const taken: DemoDocument[] = []
  for (const recipe of recipes) {
    const folders = await openPackages(recipe.packages, cacheFolder, onStep)
    try {
      // Distinct from all corpora before it too, so that none of its text is met elsewhere.
      const own = distinct([...taken, ...(await recipe.read(folders))]).slice(taken.length)
      const documents = recipe.bytes === null ? own : sample(own, recipe.bytes)
      taken.push(...documents)
      corpora.push(await writeCorpus(recipe, documents, outFolder, onStep))
    } finally {
      for (const folder of folders) await rm(folder, { recursive: true, force: true })
    }
  }
  await writeAside(listFile, `${listHead(key)}${JSON.stringify(corpora, null, 1)}}\n`)
  return { corpora }
}

async function openPackages(
  keys: readonly PackageKey[],
  cacheFolder: string,
  onStep: (step: string) => void
): Promise<string[]> {
  const folders: string[] = []
  for (const key of keys) {
    const tarball = await fetchPackage(TEXT_PACKAGES[key], cacheFolder, onStep)
    const folder = await mkdtemp(join(cacheFolder, 'unpacked-'))
    folders.push(folder)
    await unpackTarball(tarball, folder, TEXT_PACKAGES[key].leaveOut)
  }
  return folders
}

async function writeCorpus(
  recipe: CorpusRecipe,
  documents: readonly DemoDocument[],
  outFolder: string,
  onStep: (step: string) => void
): Promise<DemoCorpus> {
  const path = join(outFolder, `${recipe.name}.jsonl`)
  const lines = documents.map(({ text, source }) => JSON.stringify({ text, source }) + '\n')
  await writeAside(path, lines.join(''))
  const bytes = documents.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)
  onStep(`${recipe.name}: ${documents.length} documents, ${formatBytes(bytes)} of text`)
  const packages = recipe.packages.map((key) => TEXT_PACKAGES[key])
  return {
    name: recipe.name,
    role: recipe.role,
    ...(recipe.domainKind ? { domainKind: recipe.domainKind } : {}),
    path,
    licence: [...new Set(packages.map(({ licence }) => licence))].join('; '),
    source: packages.map(({ name, version }) => `${name} ${version}`).join(', '),
    documents: documents.length,
    bytes
  }
}

/** What the files depend on; other packages or other sizes make other files. */
function contentsKey(recipes: readonly CorpusRecipe[]): string {
  const sizes = recipes.map(({ name, role, packages, bytes }) => ({
    name,
    role,
    bytes,
    packages: packages.map((key) => TEXT_PACKAGES[key].sha256)
  }))
  return createHash('sha256')
    .update(JSON.stringify([EXTRACTION, sizes]))
    .digest('hex')
}

const listHead = (key: string) => `{"key":"${key}","corpora":`

/** The list written last time, when it is of the same contents and all its files are there. */
async function readList(path: string, key: string): Promise<DemoTexts | null> {
  if (!existsSync(path)) return null
  const text = await readFile(path, 'utf8')
  // Not parsed before its beginning is known: another version may have written something else.
  if (!text.startsWith(listHead(key))) return null
  const list = JSON.parse(text) as DemoTexts
  for (const corpus of list.corpora) {
    // JSON is longer than the text it holds; a file cut short is not.
    if (!existsSync(corpus.path) || (await stat(corpus.path)).size <= corpus.bytes) return null
  }
  return { corpora: list.corpora }
}

async function writeAside(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text)
  await rename(`${path}.part`, path)
}
