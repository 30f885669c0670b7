/** The tokenizer of a study: the frozen one, one that is brought, or one trained now. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Study } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { FolderDraft } from '#engine/storage/files'
import { REDONE, damagedError } from '#engine/storage/seals'
import { endOfTextId, loadTokenizer } from '#engine/tokenizer/tokenizer'
import { trainByteLevelBpe } from '#engine/tokenizer/train'
import { ENTRY_BYTES, entryBytes } from './corpusIndex'
import { readTexts } from './corpusReader'
import { drawOf } from './documentHash'
import type { DocumentChoice } from './documentOrder'
import { keepTokenizer } from './keptTokenizer'
import type { StreamTokenizer } from './tokenStream'

/**
 * Opens the study's tokenizer; a new one is kept as `tokenizers/<fingerprint>/tokenizer.json`.
 *
 * @param frozen path of the tokenizer that answered this choice before; never trained anew
 * @param groups training text of the seed and of each partition; never held-out text
 * @throws WorkbenchError `tokenizer/invalid`, `tokenizer/vocabulary-too-large`
 */
export async function chooseTokenizer(
  projectFolder: string,
  choice: Study['tokenizer'],
  frozen: string | null,
  groups: readonly (readonly DocumentChoice[])[]
): Promise<StreamTokenizer> {
  if (frozen !== null) return openTokenizer(frozen, choice)
  const json =
    choice.kind === 'file'
      ? readTokenizerFile(choice.path)
      : await trainOnSample(projectFolder, choice, groups)
  return openTokenizer((await keepTokenizer(projectFolder, json)).path, choice)
}

/**
 * Loads a stored tokenizer with the token that ends a document.
 *
 * @throws WorkbenchError `tokenizer/invalid`, `storage/corrupt`
 */
export function openTokenizer(path: string, choice: Study['tokenizer']): StreamTokenizer {
  assertFrozen(path)
  const tokenizer = loadTokenizer(path)
  const token = choice.kind === 'file' ? choice.endOfText : undefined
  return { tokenizer, endOfTextId: endOfTextId(tokenizer, path, token) }
}

/** A project's tokenizers lie in folders that are called by their hash. */
function assertFrozen(path: string): void {
  const expected = basename(dirname(path))
  if (basename(dirname(dirname(path))) !== 'tokenizers') return
  const found = existsSync(path)
    ? createHash('sha256').update(readFileSync(path)).digest('hex')
    : 'no file'
  if (found !== expected) throw damagedError(path, { expected, found }, REDONE)
}

function readTokenizerFile(path: string): string {
  if (!existsSync(path)) {
    throw new WorkbenchError(
      'tokenizer/invalid',
      `There is no file ${path}. Expected a tokenizer.json of Hugging Face's.`,
      { path }
    )
  }
  return readFileSync(path, 'utf8')
}

async function trainOnSample(
  projectFolder: string,
  choice: Extract<Study['tokenizer'], { kind: 'train' }>,
  groups: readonly (readonly DocumentChoice[])[]
): Promise<string> {
  const draft = await FolderDraft.begin(join(projectFolder, 'cache', 'tokenizer-sample'))
  try {
    const sample = await draft.create('sample.txt')
    const sizes = groups.map((group) => group.reduce((sum, one) => sum + bytesOf(one), 0))
    const parts = shareOut(choice.sampleBytes, sizes)
    for (const [index, group] of groups.entries()) {
      let left = parts[index]!
      for (const one of group) {
        for await (const text of sampleOf(one, left)) {
          const bytes = Buffer.from(text + '\n')
          await sample.write(bytes)
          left -= bytes.length
        }
      }
    }
    await sample.close()
    return trainByteLevelBpe(join(draft.path, 'sample.txt'), choice.vocabularySize, draft.path)
  } finally {
    await draft.discard()
  }
}

/** Shares bytes out evenly; what a small group cannot use goes to the others. */
export function shareOut(total: number, sizes: readonly number[]): number[] {
  const parts = sizes.map(() => 0)
  let left = total
  const ascending = Array.from(sizes.keys()).sort((a, b) => sizes[a]! - sizes[b]!)
  for (const [position, index] of ascending.entries()) {
    parts[index] = Math.min(sizes[index]!, Math.floor(left / (sizes.length - position)))
    left -= parts[index]!
  }
  return parts
}

/** Documents by the draws in their hashes, the lowest first, until there are enough bytes. */
async function* sampleOf(
  { stored, documents }: DocumentChoice,
  bytes: number
): AsyncGenerator<string> {
  const draw = (document: number): number => drawOf(stored.index, document * ENTRY_BYTES, 'shuffle')
  const taken = new Map<number, number>()
  let left = bytes
  for (const document of [...documents].sort((a, b) => draw(a) - draw(b) || a - b)) {
    if (left <= 0) break
    taken.set(document, left)
    left -= entryBytes(stored.index, document)
  }
  const ascending = [...taken.keys()].sort((a, b) => a - b)
  for await (const { document, text } of readTexts(stored, ascending)) {
    yield text.slice(0, taken.get(document)!).replace(/[\ud800-\udbff]$/, '')
  }
}

function bytesOf({ stored, documents }: DocumentChoice): number {
  return documents.reduce((sum, document) => sum + entryBytes(stored.index, document), 0)
}
