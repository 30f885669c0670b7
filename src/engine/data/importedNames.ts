/** Names that an import may not take: what is imported never changes. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { WorkbenchError } from '#shared/errors'
import { REMAINDER } from '#shared/records'
import type { Corpus } from '#shared/records'

/** @throws WorkbenchError `corpus/exists` where a corpus has the name already */
export function checkCorpusName(corpora: readonly Corpus[], name: string): void {
  if (corpora.some((corpus) => corpus.name === name)) {
    throw new WorkbenchError(
      'corpus/exists',
      `The project already has a corpus named ${name}. What is imported never changes; give the new text another name.`,
      { name }
    )
  }
}

/** The corpus of a name whose stored text is gone; undefined where there is none. */
export function lostCorpus(
  corpora: readonly Corpus[],
  corporaFolder: string,
  name: string
): Corpus | undefined {
  return corpora.find(
    (one) => one.name === name && !existsSync(join(corporaFolder, one.fingerprint))
  )
}

/**
 * Holds text that was imported in place of lost text to being the same.
 *
 * @returns the corpus as the project knows it
 * @throws WorkbenchError `corpus/exists` where it is other text
 */
export function checkRestored(lost: Corpus, corpus: Corpus): Corpus {
  if (corpus.fingerprint === lost.fingerprint) return lost
  throw new WorkbenchError(
    'corpus/exists',
    `The project has a corpus named ${lost.name} whose text is missing, and this is other text: expected ` +
      `${lost.fingerprint}, found ${corpus.fingerprint}. Import the same files cut the same way, or give the new text another name.`,
    { name: lost.name, expected: lost.fingerprint, found: corpus.fingerprint }
  )
}

/** @throws WorkbenchError `corpus/exists` where a new partition has the name of an old one */
export function checkPartitionNames(corpora: readonly Corpus[], corpus: Corpus): void {
  if (corpus.role !== 'training') return
  const taken = new Set(
    corpora
      .filter((one) => one.role === 'training')
      .flatMap((one) => one.partitions.map((partition) => partition.name))
  )
  // What no rule matched may come with every import.
  const twice = corpus.partitions
    .map((one) => one.name)
    .filter((name) => name !== REMAINDER && taken.has(name))
  if (twice.length > 0) {
    throw new WorkbenchError(
      'corpus/exists',
      `The project already has partitions named ${twice.join(', ')}. A partition never changes once it is imported; name the new ones differently.`,
      { found: twice }
    )
  }
}
