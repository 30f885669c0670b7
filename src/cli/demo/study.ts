/** The demos' studies: one small enough for minutes on two processor cores, one of ten times the work. */
import type { StudyDraft } from '#shared/records'
import { SPEECHES } from './corpora'

/** Partitions so alike that telling them apart is a test of its own. */
export const NEAR_PAIR: string[] = [...SPEECHES]

const [BEFORE, FROM] = SPEECHES

/**
 * Mixtures that are also trained. Sizes two to four have some each, and seven pairs differ only in which
 * of the two kinds of speeches they hold; nothing was chosen by its result.
 */
const TRAINED = [
  ...[['code'], ['e-mail'], ['fact-book'], ['languages']],
  ...[
    ['code', 'e-mail'],
    ['fact-book', 'languages']
  ],
  ...[['code', 'languages', 'fact-book']]
].flatMap((rest) => [
  [BEFORE, ...rest],
  [FROM, ...rest]
])

const OTHERS = [
  ['code', 'languages'],
  ['e-mail', 'fact-book'],
  ['code', 'e-mail', 'languages'],
  ['code', 'e-mail', 'fact-book'],
  [BEFORE, FROM, 'code', 'fact-book'],
  [BEFORE, FROM, 'e-mail', 'languages']
]

const peakLearningRate = 2e-3

/** Kinds of text of the large demo that differ by time alone. */
export const LARGE_NEAR: string[] = [
  'speeches-1790-1850',
  'speeches-1851-1912',
  'speeches-1913-1968',
  'speeches-1969-2021'
]

/**
 * All subsets of two partitions and more are merged; 20 of them are also trained.
 *
 * @param randomSeed of weights, orders of data and resampling; the text stays the same
 */
export function demoStudy(randomSeed: number): StudyDraft {
  return {
    version: 1,
    name: 'demo',
    randomSeed,
    tokenizer: { kind: 'train', vocabularySize: 2048 },
    model: {
      hiddenSize: 96,
      hiddenLayers: 3,
      attentionHeads: 2,
      keyValueHeads: 2,
      intermediateSize: 256,
      contextLength: 128
    },
    seed: {
      source: 'text',
      corpus: 'dictionary',
      tokenBudget: 1_500_000,
      recipe: { batchSize: 16, peakLearningRate, schedule: 'cosine', warmupSteps: 50 }
    },
    branch: { batchSize: 16, peakLearningRate: peakLearningRate / 10, schedule: 'constant' },
    unit: { sequences: 800, maximum: 2 },
    holdOut: { share: 0.1, tokenCap: 8000 },
    mixtures: { over: 'partitions', choose: { kind: 'all', minimumSize: 2 } },
    sequential: {
      choose: {
        kind: 'list',
        mixtures: [...TRAINED, ...OTHERS].map((members) => members.sort().join('+'))
      },
      budgets: ['sum']
    }
  }
}

/**
 * The same model and recipe on eleven partitions: 160 mixtures of two to six of them, drawn at random, are
 * merged; 48 of these, drawn again, are also trained. Nothing was chosen by hand.
 *
 * @param randomSeed of weights, orders of data, the draws and resampling
 */
export function largeDemoStudy(randomSeed: number): StudyDraft {
  return {
    ...demoStudy(randomSeed),
    name: 'large demo',
    mixtures: {
      over: 'partitions',
      choose: { kind: 'random', count: 160, minimumSize: 2, maximumSize: 6 }
    },
    sequential: { choose: { kind: 'random', count: 48 }, budgets: ['sum'] }
  }
}
