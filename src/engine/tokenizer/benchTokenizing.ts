/** Measures how fast text becomes token ids. */
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import { removeTree, writeFileAtomic } from '#engine/storage/files'
import { loadTokenizer } from './tokenizer'
import { trainByteLevelBpe } from './train'

const VOCABULARY = 8192
/** Characters of one document: text is cut into pieces of this length. */
const DOCUMENT = 4096

/**
 * Trains a tokenizer of 8,192 entries on a text, unmeasured, then encodes the text in batches of
 * documents; the best of several rounds.
 *
 * @throws WorkbenchError `usage/invalid` without a text
 */
export async function benchTokenizing(options: {
  textFile?: string
  repetitions: number
  seconds: number
}): Promise<{
  bytesPerSecond: number
  tokensPerSecond: number
  peakBytes: number
  backend: string
  threads: number
  shape: string
}> {
  if (options.textFile === undefined) {
    throw new WorkbenchError(
      'usage/invalid',
      'Measuring tokenization wants a file of plain text.',
      { expected: 'textFile' }
    )
  }
  const text = await readFile(options.textFile, 'utf8')
  const documents = text.match(new RegExp(`[^]{1,${DOCUMENT}}`, 'gu')) ?? []
  const scratch = await mkdtemp(join(tmpdir(), 'assay-bench-'))
  try {
    const path = join(scratch, 'tokenizer.json')
    await writeFileAtomic(path, trainByteLevelBpe(options.textFile, VOCABULARY, scratch))
    const tokenizer = loadTokenizer(path)
    const bytes = Buffer.byteLength(text)
    const endsAt = performance.now() + options.seconds * 1000
    let best = Infinity
    let tokens = 0
    for (let round = 0; round < options.repetitions && performance.now() < endsAt; round++) {
      const beganAt = performance.now()
      const ids = await tokenizer.encode(documents)
      best = Math.min(best, (performance.now() - beganAt) / 1000)
      tokens = ids.reduce((sum, one) => sum + one.length, 0)
    }
    return {
      bytesPerSecond: bytes / best,
      tokensPerSecond: tokens / best,
      peakBytes: process.resourceUsage().maxRSS * 1024,
      backend: 'tokenizers (native)',
      threads: Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 0),
      shape: `${documents.length} documents, ${bytes} bytes, vocabulary ${VOCABULARY}`
    }
  } finally {
    await removeTree(scratch)
  }
}
