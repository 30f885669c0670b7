/** The text of a study, partition by partition, out of all that the project holds. */
import { REMAINDER } from '#shared/records'
import type { Study } from '#shared/records'
import { WorkbenchError } from '#shared/errors'
import { TRAINING } from './allotment'
import type { AllottedPartition } from './allotment'
import { entryBytes } from './corpusIndex'
import type { DocumentChoice } from './documentOrder'

/** A partition of the study with all text that the corpora have of it. */
export interface Group {
  name: string
  parts: AllottedPartition[]
  choices: DocumentChoice[]
}

/**
 * The partitions a study trains on, sorted by name; `all` leaves the remainder out.
 *
 * @throws WorkbenchError `study/missing-partition`
 */
export function trainingGroups(study: Study, allotted: readonly AllottedPartition[]): Group[] {
  const training = allotted.filter(({ stored }) => stored.corpus.role === 'training')
  const names = [...new Set(training.map(({ stored }) => stored.name))]
  const wanted =
    study.partitions === 'all' ? names.filter((name) => name !== REMAINDER) : study.partitions
  const missing = wanted.filter((name) => !names.includes(name))
  if (missing.length > 0 || wanted.length === 0) {
    throw new WorkbenchError(
      'study/missing-partition',
      `The study needs training text of ${missing.join(', ') || 'at least one partition'}. ` +
        `Partitions in the project: ${names.join(', ') || 'none'}.`,
      { missing, found: names }
    )
  }
  return [...wanted].sort().map((name) =>
    groupOf(
      name,
      training.filter(({ stored }) => stored.name === name)
    )
  )
}

/**
 * The study's seed text; null when it starts from something else.
 *
 * @throws WorkbenchError `study/missing-partition`
 */
export function seedGroupOf(study: Study, allotted: readonly AllottedPartition[]): Group | null {
  if (study.seed.source !== 'text') return null
  const { corpus } = study.seed
  const parts = allotted.filter(
    ({ stored }) => stored.corpus.role === 'seed' && stored.corpus.name === corpus
  )
  if (parts.length === 0) {
    throw new WorkbenchError(
      'study/missing-partition',
      `The study's seed text "${corpus}" is not in the project. Import it as seed text.`,
      { missing: corpus }
    )
  }
  return groupOf(corpus, parts)
}

/** All documents of some stored partitions under one name. */
export function groupOf(name: string, parts: AllottedPartition[]): Group {
  const choices = parts.map(({ stored, fates }) => ({
    stored,
    documents: Array.from(fates.keys()).filter((document) => fates[document] === TRAINING)
  }))
  return { name, parts, choices }
}

/** Documents and bytes that met one fate. */
export function countFate(
  parts: readonly AllottedPartition[],
  fate: number
): { documents: number; bytes: number } {
  const count = { documents: 0, bytes: 0 }
  for (const { stored, fates } of parts) {
    fates.forEach((one, document) => {
      if (one !== fate) return
      count.documents += 1
      count.bytes += entryBytes(stored.index, document)
    })
  }
  return count
}
