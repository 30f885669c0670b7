/** A project folder with imported text, for tests of preparation and batches. */
import { join } from 'node:path'
import { importCorpus } from '#engine/data/importCorpus'
import type { ImportRequest } from '#engine/data/partitionedDocuments'
import { prepareText } from '#engine/data/prepareText'
import { StudySchema } from '#shared/records'
import type { Corpus, Prepared, Study, StudyDraft } from '#shared/records'
import { jsonl, put } from './sourceFiles'

export interface TextRecord {
  text: string
  topic?: string
  thread?: string
  year?: number
}

/** Different documents of about a hundred words; the same for the same arguments. */
export function writeRecords(topic: string, count: number, words = 100): TextRecord[] {
  return Array.from({ length: count }, (_, index) => {
    let state = index + 1
    const list = Array.from({ length: words }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return `${topic}${(state >>> 16) % 300}`
    })
    return {
      text: `${list.join(' ')}.`,
      topic,
      thread: `${topic}-${index % 12}`,
      year: 2000 + (index % 7)
    }
  })
}

/** Imports records as a corpus, told apart by topic. */
export async function importRecords(
  project: string,
  name: string,
  records: TextRecord[],
  changes: Partial<ImportRequest> = {}
): Promise<Corpus> {
  const path = put(project, `sources/${name}.jsonl`, jsonl(records))
  return importCorpus(
    {
      name,
      role: 'training',
      paths: [path],
      textField: 'text',
      partition: { kind: 'field', field: 'topic' },
      keepFields: ['thread', 'year'],
      ...changes
    },
    join(project, 'corpora')
  )
}

const recipe = { batchSize: 4, peakLearningRate: 1e-3, schedule: 'constant' as const }

/** A study of a tiny model; everything can be changed. */
export function tinyStudy(changes: Partial<StudyDraft> = {}): Study {
  return StudySchema.parse({
    version: 1,
    name: 'tiny',
    tokenizer: { kind: 'train', vocabularySize: 400 },
    model: {
      hiddenSize: 8,
      hiddenLayers: 1,
      attentionHeads: 1,
      keyValueHeads: 1,
      intermediateSize: 8,
      contextLength: 32
    },
    seed: { source: 'none' },
    branch: recipe,
    unit: { sequences: 20 },
    holdOut: { share: 0.2 },
    mixtures: { choose: { kind: 'all' } },
    sequential: { choose: { kind: 'none' } },
    ...changes
  })
}

/** Study of a seed corpus called `seedtext`. */
export const seedOfText: StudyDraft['seed'] = {
  source: 'text',
  corpus: 'seedtext',
  tokenBudget: 3200,
  recipe
}

/** Prepares a project's text. */
export function prepare(
  project: string,
  corpora: Corpus[],
  study: Study = tinyStudy(),
  tokenizerFile: string | null = null
): Promise<Prepared> {
  return prepareText({ projectFolder: project, study, corpora, tokenizerFile })
}

/** Where a prepared study's tokenizer lies. */
export function tokenizerPath(project: string, prepared: Prepared): string {
  return join(project, 'tokenizers', prepared.tokenizer.fingerprint, 'tokenizer.json')
}
