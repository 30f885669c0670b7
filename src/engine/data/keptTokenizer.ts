/** A tokenizer as a project keeps it: by the hash of what it says. */
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { makeFolder, writeFileAtomic } from '#engine/storage/files'

/** Keeps the text of a `tokenizer.json` as `tokenizers/<fingerprint>/tokenizer.json`. */
export async function keepTokenizer(
  projectFolder: string,
  json: string
): Promise<{ path: string; fingerprint: string }> {
  const fingerprint = createHash('sha256').update(json).digest('hex')
  const path = join(projectFolder, 'tokenizers', fingerprint, 'tokenizer.json')
  await makeFolder(dirname(path))
  await writeFileAtomic(path, json)
  return { path, fingerprint }
}
